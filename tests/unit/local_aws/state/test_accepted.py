"""What was accepted comes back in the next server until it was settled."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from local_aws.state.accepted import Accepted
from local_aws.state.state import State

Open = Callable[[], tuple[Accepted[str], list[str]]]


@pytest.fixture
def server(tmp_path: Path) -> Open:
    """Start over the same file, as after a kill: nothing of the one before is closed."""

    def start() -> tuple[Accepted[str], list[str]]:
        resumed: list[str] = []
        state = State(tmp_path)
        accepted: Accepted[str] = Accepted(state, "part", lambda _key, item: resumed.append(item))
        state.restore()
        return accepted, resumed

    return start


def test_what_is_not_settled_is_resumed_in_its_order(server: Open) -> None:
    accepted, resumed = server()
    keys = [accepted.add(f"item {number}") for number in range(12)]
    accepted.replace(keys[3], "item 3, a second time")
    accepted.settle([keys[0], keys[5]])
    accepted.settle([])  # which waits until this is on disk
    assert resumed == []

    _, resumed = server()

    expected = [f"item {number}" for number in range(12) if number not in (0, 5)]
    expected[2] += ", a second time"
    assert resumed == expected


def test_what_was_resumed_is_settled_like_any_other(server: Open) -> None:
    accepted, _ = server()
    accepted.settle([accepted.add("done")])
    accepted.add("under way")
    accepted.settle([])

    accepted, resumed = server()
    assert resumed == ["under way"]
    accepted.settle(list(accepted._items))
    accepted.settle([])

    assert server()[1] == []


class FullDisk(State):
    """A state that cannot be saved."""

    def save(self) -> None:
        raise sqlite3.OperationalError("database or disk is full")


def test_what_cannot_be_saved_is_not_forgotten(tmp_path: Path) -> None:
    state = FullDisk(tmp_path)
    accepted: Accepted[str] = Accepted(state, "part", lambda _key, _item: None)

    accepted.settle([accepted.add("item")])

    assert list(accepted._items.values()) == ["item"]
