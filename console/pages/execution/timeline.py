"""The timeline of an execution, and the table of its events."""

import json
from collections.abc import Callable

from nicegui import ui

from console.executions.timeline import Line
from console.pages.execution.graph import preformatted
from console.status import look
from console.times import duration, moment
from operations.executions.view import Event

SIZE = 50  # events of a page
CSS = """
.timeline { width: 100%; display: flex; flex-direction: column; gap: .375rem; }
.timeline .line { display: grid; grid-template-columns: 9rem 1fr 14rem; gap: 0 .75rem;
  grid-template-areas: "name track said"; align-items: center; }
.timeline .name { grid-area: name; } .timeline .said { grid-area: said; text-align: right; }
.timeline .track { grid-area: track; position: relative; height: 1.25rem;
  background: var(--ground); border-radius: .25rem; overflow: hidden; }
.timeline .bar { position: absolute; top: 0; bottom: 0; min-width: 3px; border-radius: 2px; }
.timeline .bar.failed { background-image: repeating-linear-gradient(45deg,
  transparent 0 4px, rgb(255 255 255 / .35) 4px 6px); }
@media (max-width: 760px) {
  .timeline .line { grid-template: "name said" auto "track track" auto / 1fr max-content; }
}
"""


class TimelineView:
    """A line for each state, a bar for each of its attempts."""

    def __init__(self) -> None:
        self._shown: tuple[Line, ...] = ()
        self._content = ui.element("div").classes("timeline")
        self._content.props('role=list aria-label="Timeline of the states"')

    def show(self, lines: tuple[Line, ...]) -> None:
        """Draw it anew where something changed."""
        if lines == self._shown:
            return
        self._shown = lines
        self._content.clear()
        with self._content:
            for line in lines:
                _line(line)


def _line(line: Line) -> None:
    looks = look(line.status)
    with ui.element("div").classes("line").props("role=listitem"):
        with ui.element("div").classes("name flex flex-nowrap items-center gap-1 min-w-0"):
            ui.icon(looks.icon, color=looks.colour).props("aria-hidden=true")
            ui.label(line.name).classes("wrap")
        with ui.element("div").classes("track").props("aria-hidden=true"):
            for bar in line.bars:
                place = f"left: min({bar.start:.3%}, 100% - 3px); width: {bar.end - bar.start:.3%}"
                drawn = ui.element("div").classes(f"bar {bar.status} bg-{look(bar.status).colour}")
                drawn.style(place).props["title"] = bar.said
        ui.label(_said(line)).classes("said soft text-xs")


def _said(line: Line) -> str:
    said = f"{look(line.status).text}, {duration(line.seconds)}"
    if line.attempts > 1:
        said += f", {line.attempts:,} attempts"
    if line.redrives:
        said += f", {line.redrives} redriven" if line.redrives > 1 else ", redriven"
    return said


class EventsView:
    """The raw events, the newest first, a page at a time; read when they are asked for."""

    def __init__(self, read: Callable[[int, int], list[Event]]) -> None:
        self._read, self._number, self._open = read, 1, False
        with ui.expansion("Events", icon="list_alt", on_value_change=self._opened) as self._fold:
            self._rows = ui.element("div").classes("w-full flex flex-col")
            self._pages = ui.pagination(1, 1, direction_links=True, on_change=self._turned)
            self._pages.props('max-pages=7 aria-label="Pages of the events"')
        self._fold.classes("w-full")

    def show(self, count: int) -> None:
        """There are `count` events now."""
        if f"{count:,} events" == self._fold.text:
            return
        self._fold.text = f"{count:,} events"
        self._pages.max = max(1, -(-count // SIZE))
        self._pages.visible = count > SIZE
        if self._open and self._number == 1:
            self._draw()

    def _opened(self) -> None:
        self._open = bool(self._fold.value)
        self._draw()

    def _turned(self) -> None:
        self._number = int(self._pages.value or 1)
        self._draw()

    def _draw(self) -> None:
        self._rows.clear()
        if not self._open:
            return
        with self._rows:
            for event in self._read((self._number - 1) * SIZE, SIZE):
                _event(event)


def _event(event: Event) -> None:
    title = f"{event['id']}  {event['type']}"
    with ui.expansion(title).classes("w-full mono text-sm").props("dense dense-toggle") as fold:
        fold.props["caption"] = moment(event["timestamp"])
        shown = ui.element("div").classes("w-full")

    def draw() -> None:
        shown.clear()
        if fold.value:
            with shown:
                preformatted(json.dumps(event, indent=2, default=str, ensure_ascii=False))

    fold.on_value_change(draw)
