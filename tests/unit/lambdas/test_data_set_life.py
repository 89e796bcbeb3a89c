"""A few dozen lives of a data set; `make faults` tries a thousand."""

import threading

from hypothesis import HealthCheck, settings

from tests.fakes.service import Others
from tests.support.data_set_life import DataSetLife

TestDataSetLife = DataSetLife.TestCase
TestDataSetLife.settings = settings(
    max_examples=40,
    stateful_step_count=30,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def test_a_state_that_comes_back_and_goes_before_an_event_tells_of_it_asks_for_nothing():
    life = DataSetLife()
    life.begin(versioned=True)
    twice = [("put", "images.gz"), ("put", "images.gz")]
    life.go_on_while_it_changes(0, "ListObjectVersions", twice, delivered=True)
    life.go_on(0)  # the first one ends as superseded
    newer = [("put", "manifest.json")]
    life.go_on_while_it_changes(0, "ListObjectVersions", newer, delivered=True)
    life.go_on(0)
    back, gone = [("take_back", "manifest.json")], [("delete", "images.gz")]
    life.go_on_while_it_changes(0, "PutObject", back, delivered=False)
    life.go_on_while_it_changes(0, "PutObject", gone, delivered=False)
    life.teardown()


def test_neither_is_one_that_came_back_after_another_that_nobody_knew_of() -> None:
    life = DataSetLife()
    life.begin(versioned=False)
    life.put_all(b"two")
    life.ask_for_it()
    life.go_on(number=0)  # gives its data up for those that came
    life.put_all(b"one")  # by a state of both contents to the first one
    life.delete("images.gz")
    life.teardown()


def test_others_get_in_one_at_a_time() -> None:
    others, been = Others(), []

    def first() -> None:
        thread = threading.Thread(target=others.let_in, args=("CopyObject",))
        thread.start()
        thread.join()
        been.append("first")

    others.just_before("CopyObject", first)
    others.just_before("CopyObject", lambda: been.append("second"))

    others.let_in("CopyObject")
    assert been == ["first"]
    others.let_in("CopyObject")
    assert been == ["first", "second"]
