"""A page that follows what happens: whatever goes wrong is a line on it, and is logged."""

import asyncio
import logging
from collections.abc import Callable

import pytest
from nicegui import Client
from nicegui.page import page

from console.pages.parts.live import Live


def outcome(read: Callable[[], int], show: Callable[[int], None]) -> str:
    """Read and show once; return the line that stands above the content."""

    async def once() -> str:
        with Client(page(""), request=None):
            live = Live(read, show)
        live._ahead = None
        await live.refresh()
        live.stop()
        return str(live._problem.text) if live._problem.visible else ""

    return asyncio.run(once())


def fail(*_: object) -> int:
    raise OverflowError("int too large to convert to float")


SAID = "This cannot be shown: OverflowError: int too large to convert to float"


def test_what_is_well_leaves_no_line() -> None:
    shown: list[int] = []
    assert outcome(lambda: 1, shown.append) == ""
    assert shown == [1]


@pytest.mark.parametrize(("read", "show"), [(fail, print), (lambda: 1, fail)])
def test_what_nobody_foresaw_is_a_line_and_is_logged(
    read: Callable[[], int], show: Callable[[int], None], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        assert outcome(read, show).startswith(SAID)
    assert "OverflowError" in caplog.text
