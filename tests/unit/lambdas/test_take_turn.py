import json
from datetime import UTC, datetime, timedelta

import pytest

from lambdas.boundary.text import shown
from lambdas.data_sets.data_sets import DataSets
from lambdas.errors import IncompleteDataSetError, InvalidInputError, ThrottlingError
from lambdas.runs.ledger import Ledger
from lambdas.runs.succession import INCOMPLETE_SECONDS
from lambdas.take_turn import LONGEST, LONGEST_WAIT, PAGE_SIZE, SHORTEST, take_turn
from tests.fakes.executions import FakeExecutions
from tests.fakes.s3 import EPOCH
from tests.unit.lambdas.conftest import BUCKET, FILES

STARTED = datetime(2026, 2, 7, 11, 42, 29, 102000, tzinfo=UTC)
NAME = "digits-1"
LABELS = "raw_data/digits/train-labels-idx1-ubyte.gz"


@pytest.fixture
def executions() -> FakeExecutions:
    return FakeExecutions()


@pytest.fixture
def current(s3):
    """Return a function that tells the fingerprint which the data set "digits" has now."""
    return lambda: DataSets(s3, BUCKET, "raw_data/", FILES).find("digits").fingerprint


@pytest.fixture
def fingerprint(upload, current) -> str:
    """Upload the data set "digits" and return its fingerprint."""
    upload("digits")
    return current()


@pytest.fixture
def ask(executions, s3, event):
    """Return a function that asks for the turn of the execution ``NAME``, ``age`` seconds old."""

    def invoke(execution_input=None, age=0.0, most=1, settle=10, name=NAME):
        arn = "arn:aws:states:us-east-1:123456789012:execution:retrain-dev:" + name
        payload = event("prepare_run") | {
            "execution": {"arn": arn, "started_at": "2026-02-07T11:42:29.102Z"},
            "input": {} if execution_input is None else execution_input,
            "settle_seconds": settle,
            "max_concurrent_runs": most,
        }
        now = STARTED + timedelta(seconds=age)
        return take_turn(payload, now=now, s3=s3, stepfunctions=executions)

    return invoke


def earlier(executions, count):
    """Let ``count`` executions run that were started before ours, and ours."""
    for number in range(count):
        started = STARTED - timedelta(hours=count - number)
        executions.add(f"earlier-{number}", started=started)
    executions.add(NAME, started=STARTED)


@pytest.mark.parametrize(("name", "odd"), [("it's", '"\'"'), ("(a)", "'('"), ("a!", "'!'")])
def test_a_name_that_no_job_s_tag_may_hold_is_refused_at_once(ask, executions, name, odd):
    executions.add(name, started=STARTED)
    with pytest.raises(InvalidInputError) as raised:
        ask(name=name)
    told = str(raised.value)
    assert told.startswith(
        f"the execution's name: found {shown(name)} with {odd}, expected letters"
    )
    assert not executions.calls


@pytest.mark.parametrize("name", ["a_b.c=d+e-f@g", "数字-1", "é"])
def test_other_names_that_step_functions_takes_go(ask, executions, name):
    executions.add(name, started=STARTED)
    assert ask(name=name)["outcome"] == "go"


@pytest.mark.parametrize(
    ("value", "said"), [({"epochs": 0}, "epochs: found 0"), ({"seed": -1}, "seed: found -1")]
)
def test_what_the_training_would_refuse_is_refused_before_anything_is_paid(
    executions, s3, event, value, said
):
    payload = event("prepare_run") | {"input": {"hyperparameters": value}}
    payload |= {"settle_seconds": 10, "max_concurrent_runs": 1}
    payload["defaults"]["bounds"] = {
        "epochs": {"type": "integer", "minimum": 1},
        "seed": {"type": "integer", "minimum": 0},
    }
    with pytest.raises(InvalidInputError, match=f"^hyperparameters.{said}, expected integer"):
        take_turn(payload, now=STARTED, s3=s3, stepfunctions=executions)
    assert not executions.calls


def test_alone_and_without_a_fingerprint_it_goes_at_once(ask, executions):
    earlier(executions, 0)
    assert ask()["outcome"] == "go"


def test_an_overwritten_data_set_settles_before_its_execution_goes(
    ask, executions, upload, current
):
    earlier(executions, 0)
    upload("digits")
    upload("digits", "train-labels-idx1-ubyte.gz")
    asked = {"dataset": "digits", "fingerprint": current()}
    first = ask(asked, age=0.4)
    assert (first["outcome"], first["seconds"]) == ("settle", 10)
    assert ask(asked, age=10.4)["outcome"] == "go"


def test_a_data_set_of_new_files_goes_at_once(ask, executions, fingerprint):
    earlier(executions, 0)
    assert ask({"dataset": "digits", "fingerprint": fingerprint})["outcome"] == "go"


def test_without_settle_seconds_nothing_settles(ask, executions, upload, fingerprint, current):
    earlier(executions, 0)
    upload("digits")
    assert current() != fingerprint
    assert ask({"fingerprint": current()}, settle=0)["outcome"] == "go"


@pytest.mark.parametrize("named", [{"dataset": "digits"}, {}])
def test_a_replaced_data_set_supersedes_the_execution_and_says_by_what(
    ask, executions, upload, current, named
):
    earlier(executions, 0)
    upload("digits")
    fingerprint = current()
    upload("digits", "train-labels-idx1-ubyte.gz")
    newer = current()
    answer = ask({**named, "fingerprint": fingerprint}, age=10)
    assert answer["outcome"] == "superseded"
    assert answer["superseded_by"] == newer
    assert newer in answer["message"]
    assert fingerprint in answer["message"]
    assert "\n" not in answer["message"]


def test_an_execution_is_superseded_while_it_waits_for_its_turn(
    ask, executions, upload, fingerprint
):
    earlier(executions, 1)
    asked = {"dataset": "digits", "fingerprint": fingerprint}
    assert ask(asked, age=60)["outcome"] == "wait"
    upload("digits")
    assert ask(asked, age=120)["outcome"] == "superseded"


def test_who_takes_the_place_has_an_execution_even_where_no_event_has_started_one(
    ask, executions, upload, fingerprint, current
):
    earlier(executions, 0)
    upload("digits")
    answer = ask({"dataset": "digits", "fingerprint": fingerprint})
    (started,) = executions.called("StartExecution")
    assert json.loads(started["input"]) == {
        "dataset": "digits",
        "fingerprint": current(),
        "trigger": "upload",
    }
    assert f"execution {started['name']} takes its place" in answer["message"]


@pytest.fixture
def deleted(ask, executions, s3, fingerprint):
    """Delete a file half an hour after the start; return a function that asks at some age."""
    earlier(executions, 0)
    s3.wait(int((STARTED - EPOCH).total_seconds()) + 1800)
    s3.delete(BUCKET, LABELS)
    return lambda age: ask({"dataset": "digits", "fingerprint": fingerprint}, age=age)


def test_an_incomplete_data_set_is_waited_for(deleted, s3, executions):
    waits = [deleted(age) for age in (1801, 1805, 5000)]
    assert {answer["outcome"] for answer in waits} == {"incomplete"}
    assert [answer["seconds"] for answer in waits] == [90, 90, 250]
    assert "train-labels-idx1-ubyte.gz missing" in waits[0]["message"]
    assert not s3.called("PutObject")
    assert not executions.called("StartExecution")


def test_nobody_waits_longer_than_the_data_set_may_be_incomplete(deleted):
    assert 0 < deleted(1800 + INCOMPLETE_SECONDS - 10)["seconds"] <= 20


def test_a_data_set_that_is_incomplete_again_is_waited_for_again(deleted, ask, executions, s3):
    deleted(1801)
    s3.delete_version(BUCKET, LABELS, s3.buckets[BUCKET][LABELS][-1].version_id)
    assert deleted(1900)["outcome"] == "go"


def test_who_waited_too_long_fails_and_gives_its_data_up(deleted, s3, executions):
    with pytest.raises(IncompleteDataSetError, match="not changed for 3600 s, expected the files"):
        deleted(1900 + INCOMPLETE_SECONDS)
    assert Ledger(s3, BUCKET).gave_up(executions.executions.popitem()[0])


def test_the_state_that_comes_back_while_an_execution_leaves_has_another_one(
    ask, executions, s3, fingerprint
):
    earlier(executions, 0)
    s3.upload(BUCKET, LABELS, b"by mistake")

    def take_back():
        s3.delete_version(BUCKET, LABELS, s3.buckets[BUCKET][LABELS][-1].version_id)

    s3.just_before("PutObject", take_back)  # of the note that the data was given up
    answer = ask({"dataset": "digits", "fingerprint": fingerprint})
    asked = [json.loads(request["input"]) for request in executions.called("StartExecution")]
    assert answer["outcome"] == "superseded"
    assert fingerprint in [each["fingerprint"] for each in asked]


def test_who_finds_the_data_set_incomplete_on_leaving_stays(ask, executions, s3, fingerprint):
    earlier(executions, 0)
    s3.upload(BUCKET, LABELS, b"newer")
    s3.just_before("PutObject", lambda: s3.delete(BUCKET, LABELS))
    assert ask({"dataset": "digits", "fingerprint": fingerprint})["outcome"] == "incomplete"


def test_a_data_set_that_is_gone_is_an_error(ask, executions, s3, fingerprint):
    earlier(executions, 0)
    for file in FILES:
        s3.delete(BUCKET, f"raw_data/digits/{file}")
    with pytest.raises(IncompleteDataSetError, match="data set 'digits' is gone"):
        ask({"dataset": "digits", "fingerprint": fingerprint})


@pytest.mark.parametrize(("running", "most", "outcome"), [(1, 1, "wait"), (2, 3, "go")])
def test_as_many_as_may_run_at_once_go(ask, executions, running, most, outcome):
    earlier(executions, running)
    assert ask(most=most)["outcome"] == outcome


def test_every_running_execution_goes_in_the_order_of_its_start(ask, executions):
    earlier(executions, 5)
    executions.add("later", started=STARTED + timedelta(seconds=1))
    for number in range(5):
        answer = ask(age=1)
        assert answer["outcome"] == "wait"
        assert f"earlier-{number}" in answer["message"]
        assert answer["seconds"] == SHORTEST * (5 - number)
        arn = next(arn for arn in executions.executions if arn.endswith(f"earlier-{number}"))
        executions.executions[arn].status = "ABORTED" if number % 2 else "SUCCEEDED"
    assert ask(age=1)["outcome"] == "go"


def test_the_line_is_asked_for_in_the_largest_pages_there_are(ask, executions):
    earlier(executions, 2)
    ask()
    largest = executions.operation_model("list_executions").input_shape.members["maxResults"]
    assert {request["maxResults"] for request in executions.called("ListExecutions")} == {PAGE_SIZE}
    assert largest.metadata["max"] == PAGE_SIZE


@pytest.mark.parametrize(("other", "outcome"), [("digits-2", "go"), ("digits-0", "wait")])
def test_executions_of_the_same_moment_go_by_name(ask, executions, other, outcome):
    executions.add(other, started=STARTED)
    executions.add(NAME, started=STARTED)
    assert ask()["outcome"] == outcome


def test_who_is_not_listed_yet_does_not_know_its_place(ask, executions):
    answer = ask()
    assert (answer["outcome"], answer["seconds"]) == ("wait", SHORTEST)


def test_waits_grow_with_the_time_waited_to_a_bound(ask, executions):
    earlier(executions, 1)
    waits = [ask(age=age)["seconds"] for age in (0, 100, 1000, 10_000, 100_000, 1_000_000)]
    assert waits == [5, 5, 50, 500, LONGEST, LONGEST]


def test_the_history_has_room_for_the_longest_wait(ask, executions):
    earlier(executions, 1)
    events_of_a_question, age, questions = 9, 0, 0
    while age < LONGEST_WAIT:
        age += ask(age=age)["seconds"]
        questions += 1
    assert questions == 1453
    assert questions * events_of_a_question < 25_000 / 1.5


def test_a_wrong_input_is_an_error_before_any_waiting(ask, executions):
    earlier(executions, 3)
    with pytest.raises(InvalidInputError, match="unknown field 'epochs'"):
        ask({"epochs": 3})
    with pytest.raises(InvalidInputError):
        ask(["no", "object"])


def test_throttling_goes_by_the_name_that_is_retried(ask, executions):
    executions.refuse("ListExecutions", "ThrottlingException", 400)
    with pytest.raises(ThrottlingError):
        ask()


def test_a_reproduction_waits_for_its_turn_only(ask, executions, upload):
    earlier(executions, 1)
    upload("digits")
    asked = {"reproduce": "digits-0123456789ab"}
    assert ask(asked)["outcome"] == "wait"
    assert ask(asked, most=2)["outcome"] == "go"


@pytest.mark.parametrize("most", [1, 3])
def test_executions_that_no_list_shows_to_each_other_do_not_go_together(
    executions, s3, event, most
):
    names = [f"together-{number}" for number in range(5)]
    for name in names:
        executions.add(name, started=STARTED)

    def ask(name: str) -> str:
        """Ask while the list shows this execution and none of the others."""
        executions.unlisted = set(names) - {name}
        started = {"arn": executions.named(name).arn, "started_at": STARTED.isoformat()}
        payload = event("prepare_run") | {
            "execution": started,
            "input": {},
            "settle_seconds": 0,
            "max_concurrent_runs": most,
        }
        return take_turn(payload, now=STARTED, s3=s3, stepfunctions=executions)["outcome"]

    first = {name: ask(name) for name in names}
    assert list(first.values()).count("go") == most
    gone = names[:most]
    assert [ask(name) for name in gone] == ["go"] * most, "a question that is repeated"
    executions.named(gone[0]).status = "FAILED"
    assert [ask(name) for name in names[most:]] == ["go", *["wait"] * (4 - most)]


def test_who_has_its_turn_goes_again_whoever_the_list_shows_before_it_by_now(executions, s3, event):
    names = ("earlier", "later")
    for seconds, name in enumerate(names):
        executions.add(name, started=STARTED + timedelta(seconds=seconds))

    def ask(name: str) -> str:
        started = {"arn": executions.named(name).arn, "started_at": STARTED.isoformat()}
        payload = event("prepare_run") | {"execution": started, "input": {}}
        payload |= {"settle_seconds": 0, "max_concurrent_runs": 1}
        return take_turn(payload, now=STARTED, s3=s3, stepfunctions=executions)["outcome"]

    executions.unlisted = {"earlier"}
    assert ask("later") == "go"
    executions.unlisted = set()
    assert [ask(name) for name in names] == ["wait", "go"]
    executions.named("later").status = "SUCCEEDED"
    assert ask("earlier") == "go"
