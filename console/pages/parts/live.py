"""Pages that follow what happens: read again and again, drawn anew where something changed."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from nicegui import run, ui

from console.problems import in_words

T = TypeVar("T")
SECONDS = 1.0

_log = logging.getLogger(__name__)


class Live(Generic[T]):
    """Calls `read` in a thread every `seconds`, and `show` with what it returned if that is new.

    The first time it reads while the browser still loads the page, which meanwhile shows `first`
    if that is given. While AWS cannot be asked, or what it tells cannot be shown, a line above the
    content says so, and what was shown stays.
    """

    def __init__(
        self,
        read: Callable[[], T],
        show: Callable[[T], None],
        seconds: float = SECONDS,
        first: T | None = None,
    ) -> None:
        self._read, self._show = read, show
        self._shown = first
        self._unshown = ""  # what could not be drawn of that
        self._problem = ui.label().props('role="alert"').classes("text-negative wrap")
        self._problem.visible = False
        self._content = ui.element("div").classes("flex flex-col gap-4 w-full empty:hidden")
        if first is not None:
            with self._content:
                show(first)
        self._ahead: Awaitable[T | None] | None = asyncio.ensure_future(run.io_bound(read))
        self._timer = ui.timer(seconds, self.refresh)

    async def refresh(self) -> None:
        """Read now: after an action of the page's own, too."""
        reading, self._ahead = self._ahead or run.io_bound(self._read), None
        try:
            found = await reading
            new = found is not None and found != self._shown
        except Exception as error:  # whatever it is: a blank page would tell nobody
            self._tell(in_words(error))
            return
        if found is not None and new:
            self._shown = found
            self._unshown = self._draw(found)
        self._tell(self._unshown)

    def _draw(self, found: T) -> str:
        """Show what was read; return what went wrong, or nothing."""
        try:
            with self._content:
                self._show(found)
        except Exception as error:
            return in_words(error)
        return ""

    def stop(self) -> None:
        """Nothing changes any more."""
        self._timer.cancel()

    def _tell(self, problem: str) -> None:
        if problem and problem != self._problem.text:
            _log.warning("%s", problem)
        self._problem.text = problem
        self._problem.visible = bool(problem)


def anew(show: Callable[[T], None]) -> Callable[[T], None]:
    """For `Live`: what was shown before goes away when `show` shows the new."""

    def showing(found: T) -> None:
        ui.context.slot.parent.clear()
        show(found)

    return showing
