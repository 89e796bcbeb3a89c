"""What a thing was some seconds ago, and what of it has taken effect."""

from collections.abc import Iterator

import pytest
import time_machine

from local_aws.requests.past import Past

HOUR = 3600


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(0, tick=False) as clock:
        clock.move_to(1_000_000)
        yield clock


def test_what_was_never_changed_is_as_it_is() -> None:
    past: Past[str, int] = Past()
    assert past.as_of("thing", 5, 1) == past.in_effect("thing", 1) == 1
    assert past.as_of("thing", 5, None) is None


def test_a_thing_was_what_it_had_become_by_then(clock: time_machine.Traveller) -> None:
    past: Past[str, int] = Past()
    past.note("thing", None, 1)
    clock.shift(10)
    past.note("thing", 1, 2)
    clock.shift(10)
    past.note("thing", 2, None)
    clock.shift(1)
    found = [past.as_of("thing", ago, None) for ago in (0.5, 1, 2, 11, 12, 21, 22)]
    assert found == [None, None, 2, 2, 1, 1, None]
    assert past.all_as_of(12, {"other": 7}) == [7, 1]


def test_a_change_takes_effect_as_late_as_it_was_told(clock: time_machine.Traveller) -> None:
    past: Past[str, int] = Past()
    past.note("thing", 0, 1, late=10)
    clock.shift(5)
    past.note("thing", 1, 2, late=3)
    assert past.in_effect("thing", 2) == 0
    clock.shift(3)
    assert past.in_effect("thing", 2) == 2
    clock.shift(3)
    assert past.in_effect("thing", 2) == 2


def test_what_is_older_than_two_hours_is_forgotten(clock: time_machine.Traveller) -> None:
    past: Past[str, int] = Past()
    for number in range(10):
        past.note("thing", number, number + 1)
        clock.shift(HOUR)
    assert len(past._changes["thing"]) <= 4
    assert past.as_of("thing", HOUR, 10) == 10
    assert past.as_of("thing", HOUR + 1, 10) == 9
