from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from state_machine.deployment.propagation import until_done, until_known
from state_machine.deployment.resource import Action, Resource, Setting, Step
from tests.fakes.service import client_error

REFUSED = client_error("AccessDeniedException", "CreateStateMachine", "Neither the role ... exists")


def test_a_role_that_is_known_after_two_minutes_is_waited_for() -> None:
    paused: list[float] = []

    def create() -> str:
        if sum(paused) < 115:
            raise REFUSED
        return "created"

    assert until_known(create, paused.append) == "created"


def test_the_refusal_is_raised_in_the_end() -> None:
    paused: list[float] = []

    def create() -> str:
        raise REFUSED

    with pytest.raises(ClientError, match="Neither the role"):
        until_known(create, paused.append)
    assert sum(paused) == 120


def test_what_the_caller_may_not_do_is_not_waited_for() -> None:
    paused: list[float] = []
    refused = client_error("AccessDeniedException", "CreateStateMachine", "User: me is not ...")

    def create() -> str:
        raise refused

    with pytest.raises(ClientError, match="User: me"):
        until_known(create, paused.append)
    assert paused == []


class Late(Resource):
    """A resource that is there, with its one setting, after so many looks."""

    kind, name = "thing", "late"

    def __init__(self, there_after: int, set_after: int, works_after: int = 0) -> None:
        self._there, self._set, self._works = (
            _after(looks) for looks in (there_after, set_after, works_after)
        )

    def exists(self) -> bool:
        return next(self._there)

    def create(self) -> None: ...
    def delete(self) -> None: ...

    def settings(self) -> list[Setting]:
        return [Setting("colour", True, lambda: next(self._set), print, lambda: next(self._works))]


def _after(looks: int) -> Iterator[bool]:
    yield from [False] * looks
    while True:
        yield True


def step(late: Late, action: Action = Action.CREATE) -> Step:
    return Step(late, action, settings=tuple(late.settings()))


def test_what_was_made_is_waited_for_until_it_is_shown_and_works() -> None:
    paused: list[float] = []
    told: list[Step] = []
    assert until_done([step(Late(1, 1, 2))], told.append, paused.append) == []
    assert [each.details for each in told] == [("there",), ("colour",), ("colour",), ("colour",)]
    assert {each.action for each in told} == {Action.WAIT}
    assert paused == [1, 2, 4, 8]


def test_after_two_minutes_it_is_told_what_is_missing() -> None:
    paused: list[float] = []
    (left,) = until_done([step(Late(0, 1000))], lambda _: None, paused.append)
    assert (left.action, left.details) == (Action.WAIT, ("colour",))
    assert 120 <= sum(paused) < 150


def test_what_was_deleted_is_waited_for_until_it_is_gone() -> None:
    there = iter([True, False])

    class Going(Late):
        def exists(self) -> bool:
            return next(there)

    told: list[Step] = []
    assert until_done([step(Going(0, 0), Action.DELETE)], told.append, lambda _: None) == []
    assert [each.details for each in told] == [("gone",)]


def test_what_is_wanted_may_follow_from_what_was_put_before() -> None:
    published: list[str] = []

    class Following(Late):
        def settings(self) -> list[Setting]:
            return [Setting("names", list(published), lambda: ["version 1"], print)]

    planned = step(Following(0, 0))
    published.append("version 1")

    paused: list[float] = []
    assert until_done([planned], lambda _: None, paused.append) == []
    assert paused == []
