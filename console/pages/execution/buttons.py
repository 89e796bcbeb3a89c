"""Stop, Redrive, Start again: each asked for confirmation, or disabled with the reason why."""

from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import run, ui

from console.actions import Actions
from console.executions.changes import inputs
from console.executions.offers import Offers, offers
from console.executions.reader import Snapshot
from console.pages.parts.links import execution_path
from console.problems import in_words
from lambdas.boundary.text import one_line


class ButtonsView:
    """The buttons of one execution."""

    def __init__(
        self, actions: Actions, arn: str, *, read_only: bool, done: Callable[[], Awaitable[None]]
    ) -> None:
        self._actions, self._arn, self._read_only, self._done = actions, arn, read_only, done
        self._found: Snapshot | None = None
        with ui.row().classes("gap-2 items-center"):
            self._stop = _Button("Stop", "stop", "negative", self._ask_to_stop)
            self._redrive = _Button("Redrive", "replay", "primary", self._ask_to_redrive)
            self._again = _Button("Start again", "restart_alt", "primary", self._ask_to_start)
        self._why = ui.label().classes("soft text-sm wrap")

    def show(self, found: Snapshot) -> None:
        """Offer what makes sense now."""
        self._found = found
        offered = offers(found, read_only=self._read_only)
        self._stop.show(offered.stop)
        self._redrive.show(offered.redrive)
        self._again.show(offered.again)
        self._why.text = _in_a_line(offered)

    async def _ask_to_stop(self) -> None:
        with _Dialog("Stop this execution?", "The job that is running is stopped with it.") as ask:
            reason = (
                ui.input("Reason")
                .props("outlined dense autofocus maxlength=1000")
                .classes("w-full")
            )
            _answers(ask, "Stop it", "negative")
        if await ask:
            await self._do(lambda: self._actions.stop(self._arn, reason.value or ""), "Stopping")

    async def _ask_to_redrive(self) -> None:
        with _Dialog("Redrive this execution?", "It goes on at the state that failed.") as ask:
            _answers(ask, "Redrive it", "primary")
        if await ask:
            await self._do(lambda: self._actions.redrive(self._arn), "Resumed")

    async def _ask_to_start(self) -> None:
        if self._found is None:
            return
        asked = inputs(self._found)
        with _Dialog("Start again with these inputs?", _in_words(asked)) as ask:
            reason = (
                ui.input("Reason")
                .props("outlined dense autofocus maxlength=1000")
                .classes("w-full")
            )
            force = ui.checkbox("Run every step, although an earlier run has computed the same")
            force.visible = "reproduce" not in asked
            _answers(ask, "Start it", "primary")
        if not await ask:
            return
        answer = await self._do(
            lambda: self._actions.start_again(asked, reason.value or "", force=bool(force.value))
        )
        if answer is not None and answer.started:
            ui.navigate.to(execution_path(answer.name))
        elif answer is not None:
            ui.notify(one_line(answer.message), type="warning")

    async def _do(self, action: Callable[[], Any], said: str = "") -> Any:
        try:
            done = await run.io_bound(action)
        except Exception as error:
            ui.notify(one_line(in_words(error)), type="negative", timeout=0, close_button="Close")
            return None
        if said:
            ui.notify(said, type="positive")
        await self._done()
        return done


class _Button:
    def __init__(
        self, title: str, icon: str, colour: str, on_click: Callable[[], Awaitable[None]]
    ) -> None:
        self._button = ui.button(title, icon=icon, on_click=on_click, color=colour)
        self._button.props("no-caps outline")
        self._button.disable()

    def show(self, why_not: str) -> None:
        self._button.set_enabled(not why_not)


def _in_a_line(offered: Offers) -> str:
    """Why some of the buttons cannot be used, for each reason once."""
    reasons: dict[str, list[str]] = {}
    titles = (("Stop", offered.stop), ("Redrive", offered.redrive), ("Start again", offered.again))
    for title, why in titles:
        if why:
            reasons.setdefault(why, []).append(title)
    return " · ".join(f"{' and '.join(names)}: {why}" for why, names in reasons.items())


class _Dialog(ui.dialog):
    """A question with a title; what the `with` block builds stands below it."""

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self.props["aria-label"] = title
        self._title, self._text_below = title, text

    def __enter__(self) -> "_Dialog":
        super().__enter__()
        self._card = ui.card().classes("min-w-72 max-w-xl")
        self._card.__enter__()
        ui.label(self._title).classes("text-lg font-semibold")
        ui.label(self._text_below).classes("wrap soft")
        return self

    def __exit__(self, *error: object) -> None:
        self._card.__exit__(*error)
        super().__exit__(*error)


def _answers(ask: ui.dialog, yes: str, colour: str) -> None:
    with ui.row().classes("w-full justify-end gap-2"):
        ui.button("Cancel", on_click=lambda: ask.submit(False)).props("flat no-caps")
        ui.button(yes, color=colour, on_click=lambda: ask.submit(True)).props("no-caps")


def _in_words(asked: dict[str, Any]) -> str:
    if not asked:
        return "On the newest complete data set, with the defaults."
    shown = {name: value for name, value in asked.items() if name != "fingerprint"}
    said = ", ".join(f"{name} {value}" for name, value in shown.items())
    if "fingerprint" in asked:
        said += ". Nothing starts if the files have changed since."
    return one_line(said, 600)
