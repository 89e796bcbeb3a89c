"""One state of an execution: attempts with their jobs, error and cause, input and output."""

import json

from nicegui import ui

from console.executions.visits import Attempt, Visit
from console.pages.execution.graph import preformatted
from console.pages.parts.layout import badge
from console.times import duration, moment
from lambdas.boundary.text import printable_lines
from lambdas.runs.causes import readable_cause

SHOWN = 10  # visits and attempts, the newest


class StateView:
    """What is known of the state that was chosen."""

    def __init__(self) -> None:
        self._shown: tuple[object, ...] | None = None
        self._content = ui.element("div").classes("flex flex-col gap-3 w-full min-w-0")

    def show(self, name: str, visits: list[Visit]) -> None:
        """Show the state, drawn anew where something changed."""
        last = visits[-1] if visits else None
        attempts = [len(v.attempts) for v in visits[-SHOWN:]]
        ended = last and [(a.status, a.ended) for a in last.attempts]
        key = (name, len(visits), last and last.status, attempts, ended)
        if key != self._shown:
            self._shown = key
            self._content.clear()
            with self._content:
                _state(name, visits)


def _state(name: str, visits: list[Visit]) -> None:
    with ui.row().classes("items-center gap-3"):
        ui.label(name).classes("text-lg font-semibold wrap").props('role=heading aria-level="2"')
        badge(visits[-1].status if visits else "waiting")
    if not visits:
        ui.label("The execution has not entered this state.").classes("soft")
        return
    visit = visits[-1]
    _facts(visits)
    attempts = [attempt for each in visits for attempt in each.attempts]
    if attempts:
        _attempts(attempts)
    failed = next((a for a in reversed(visit.attempts) if a.error or a.cause), None)
    if failed and visit.status != "succeeded":
        _failure(failed)
    for title, text in (("Input", visit.input), ("Output", visit.output)):
        with ui.expansion(title, icon="data_object").classes("w-full").props("dense"):
            preformatted(_pretty(text) if text else "None")


def _facts(visits: list[Visit]) -> None:
    visit = visits[-1]
    with ui.element("dl").classes("facts"):
        _fact("Kind", visit.kind)
        _fact("Entered", moment(visit.entered))
        if visit.ended:
            _fact("Time", duration((visit.ended - visit.entered).total_seconds()))
        work = next((a.work for a in reversed(visit.attempts) if a.work), None)
        if work:
            _fact("Job" if work.is_job else "Lambda", work.name)
        entered = sum(not each.redriven for each in visits)
        redrives = len(visits) - entered
        if entered > 1:
            _fact("Entered in all", f"{entered:,} times")
        if redrives:
            _fact("Redriven here", f"{redrives:,} times" if redrives > 1 else "once")


def _fact(title: str, text: str) -> None:
    with ui.element("dt"):
        ui.label(title)
    with ui.element("dd"):
        ui.label(text).classes("wrap")


def _attempts(attempts: list[Attempt]) -> None:
    title = f"{len(attempts):,} attempts" if len(attempts) > 1 else "1 attempt"
    if len(attempts) > SHOWN:
        title += f", the last {SHOWN}"
    ui.label(title).classes("font-semibold")
    with ui.element("ol").classes("w-full flex flex-col gap-1"):
        for attempt in attempts[-SHOWN:]:
            with ui.element("li").classes("flex flex-wrap items-center gap-x-3"):
                ui.label(f"{attempt.number}.")
                badge(attempt.status)
                if attempt.ended:
                    took = (attempt.ended - attempt.started).total_seconds()
                    ui.label(duration(took)).classes("soft")
                if attempt.work:
                    ui.label(attempt.work.name).classes("mono text-xs wrap")
                if attempt.error:
                    ui.label(attempt.error).classes("text-negative wrap text-sm")


def _failure(failed: Attempt) -> None:
    with ui.element("div").classes("problem w-full"):
        ui.label(failed.error or "Error").classes("font-semibold wrap")
        cause = printable_lines(readable_cause(failed.cause))
        ui.label(cause or "No cause is given").classes("wrap")
    if readable_cause(failed.cause) != failed.cause:
        with ui.expansion("Cause in full", icon="subject").classes("w-full").props("dense"):
            preformatted(_pretty(failed.cause))


def _pretty(text: str) -> str:
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text
