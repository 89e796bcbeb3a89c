"""What may be uploaded, and how a file gets from a request to S3."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from console.starting import uploads
from console.starting.uploads import Chosen, Spooled, check, chosen_of, spool, started
from operations.errors import InputError


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def spooled(announced: int, *parts: bytes) -> Spooled:
    return asyncio.run(spool(chunks(*parts), announced, "x.gz"))


def test_a_file_is_written_to_disk_whole() -> None:
    found = spooled(6, b"abc", b"def")
    assert (found.size, found.file.read()) == (6, b"abcdef")
    found.close()


@pytest.mark.parametrize(("announced", "parts"), [(7, [b"abc"]), (2, [b"abc"]), (-1, [b""])])
def test_one_of_another_length_is_refused(announced: int, parts: list[bytes]) -> None:
    with pytest.raises(InputError, match="broke off, or has not"):
        spooled(announced, *parts)


def test_one_that_is_too_large_is_not_even_read() -> None:
    async def unread() -> AsyncIterator[bytes]:
        raise AssertionError("it was read")
        yield b""

    with pytest.raises(InputError, match="expected at most"):
        asyncio.run(spool(unread(), uploads.LARGEST_FILE + 1, "x.gz"))


def test_an_endless_one_is_stopped_at_its_announced_length() -> None:
    taken = []

    async def endless() -> AsyncIterator[bytes]:
        while True:
            taken.append(1)
            yield b"x" * 1000

    with pytest.raises(InputError):
        asyncio.run(spool(endless(), 2000, "x.gz"))
    assert len(taken) == 3


@pytest.mark.parametrize(
    ("dataset", "files", "said"),
    [
        ("a/b", [("x", 1)], "without '/'"),
        ("..", [("x", 1)], "without '/'"),
        ("", [("x", 1)], "Expected 1 to 200 characters"),
        ("a\nb", [("x", 1)], "on one line"),
        ("a", [], "There is no file"),
        ("a", [("x/y", 1)], "is not a valid file name"),
        ("a", [("..", 1)], "is not a valid file name"),
        ("a", [("x" * 101, 1)], "is not a valid file name"),
        ("a", [("x", 1), ("x", 1)], "in two folders"),
        ("a", [("x", uploads.LARGEST_FILE + 1)], "expected at most"),
        ("a", [(str(n), 1) for n in range(uploads.MOST + 1)], "Found 102 files"),
    ],
)
def test_what_will_not_do_is_refused(dataset: str, files: list[tuple[str, int]], said: str) -> None:
    with pytest.raises(InputError, match=said):
        check(dataset, [Chosen(*file) for file in files])


def test_what_a_browser_says_is_not_believed() -> None:
    assert chosen_of([{"name": "x", "size": 3}]) == [Chosen("x", 3)]
    for nonsense in (None, 7, [{}], [{"name": "x", "size": "y"}], ["x"]):
        with pytest.raises(InputError):
            chosen_of(nonsense)


class FakeStates:
    """Executions by name, with their inputs."""

    def __init__(self, **inputs: str) -> None:
        self._inputs = inputs

    def list_executions(self, **_: Any) -> dict[str, Any]:
        return {"executions": [{"executionArn": f"arn:{name}"} for name in self._inputs]}

    def describe_execution(self, executionArn: str) -> dict[str, Any]:
        name = executionArn.rsplit(":", 1)[-1]
        return {"name": name, "status": "RUNNING", "input": self._inputs[name]}


def test_the_executions_of_an_upload_are_new_and_on_its_data_set() -> None:
    ours, other = json.dumps({"dataset": "a"}), json.dumps({"dataset": "b"})
    states = FakeStates(new=ours, strange="[]", broken="{", other=other, old=ours)
    found = started(states, "machine", "a", {"arn:old"})  # type: ignore[arg-type]
    assert [execution.name for execution in found] == ["new"]
