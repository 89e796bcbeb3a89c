"""The state machine as a drawing: a button for each state, coloured and worded by its status."""

from collections.abc import Callable
from typing import Any

from nicegui import ui
from nicegui.elements.label import Label

from console.executions.graph import HEIGHT, WIDTH, Box, Graph
from console.status import look
from lambdas.boundary.text import printable_lines
from operations.executions.view import ExecutionView

CSS = """
.graph { position: relative; margin: 0 auto; }
.graph svg { position: absolute; inset: 0; width: 100%; height: 100%; }
.graph path { fill: none; stroke: var(--soft); stroke-width: 1.25; }
.graph marker path { fill: var(--soft); stroke: none; }
.graph button { position: absolute; background: var(--paper); color: var(--ink); cursor: pointer;
  border: 1.5px solid var(--line); border-radius: .5rem; padding: 2px 6px; text-align: left;
  display: flex; flex-wrap: nowrap; align-items: center; gap: 6px; font: inherit; line-height: 1.15; }
.graph button:hover { background: var(--ground); }
.graph button[aria-pressed=true] { box-shadow: 0 0 0 3px color-mix(in srgb, #2563eb 55%, transparent); }
.graph button .name { font-size: .8125rem; font-weight: 600; overflow: hidden;
  text-overflow: ellipsis; white-space: nowrap; }
.graph button .status { font-size: .6875rem; color: var(--soft); }
.graph .waiting { border-style: dashed; } .graph .waiting .name { font-weight: 400; }
.graph .running { border-color: var(--q-running); background: color-mix(in srgb, var(--q-running) 14%, var(--paper)); }
.graph .succeeded { border-color: var(--q-positive); background: color-mix(in srgb, var(--q-positive) 12%, var(--paper)); }
.graph .failed { border-color: var(--q-negative); background: color-mix(in srgb, var(--q-negative) 14%, var(--paper)); }
.graph .aborted { border-color: var(--q-muted); background: color-mix(in srgb, var(--q-muted) 14%, var(--paper)); }
.graph .running .q-icon { animation: turn 2s linear infinite; }
@keyframes turn { to { transform: rotate(360deg); } }
"""  # noqa: E501 (one rule a line)


class GraphView:
    """The drawing of one machine; `choose` is called with the name of the state that is chosen."""

    def __init__(self, drawing: Graph, choose: Callable[[str], Any]) -> None:
        self._boxes: dict[str, _State] = {}
        size = f"width: {drawing.width:.0f}px; height: {drawing.height:.0f}px"
        with (
            ui.element("div").classes("w-full overflow-x-auto p-1"),
            ui.element("div").classes("graph").style(size),
        ):
            _lines(drawing)
            for box in drawing.boxes:
                self._boxes[box.name] = _State(box, choose)

    def show(self, view: ExecutionView, chosen: str) -> None:
        """Colour the states as they are now."""
        statuses = {state.name: (state.status, state.attempts) for state in view.states}
        for name, box in self._boxes.items():
            status, attempts = statuses.get(name, ("waiting", 0))
            box.show(status, attempts, chosen == name)


class _State:
    def __init__(self, box: Box, choose: Callable[[str], Any]) -> None:
        self._name, self._kind = box.name, box.kind
        self._shown: tuple[str, int, bool] | None = None
        place = f"left: {box.x:.0f}px; top: {box.y:.0f}px; width: {WIDTH}px; height: {HEIGHT}px"
        self._button = ui.element("button").props("type=button").style(place)
        self._button.on("click", lambda: choose(box.name))
        with self._button:
            self._icon = ui.icon("radio_button_unchecked", size="1.125rem")
            self._icon.props("aria-hidden=true")
            with ui.element("span").classes("min-w-0 flex flex-col"):
                ui.label(box.name).classes("name")
                self._status = ui.label().classes("status")
        self._button.props["title"] = box.name

    def show(self, status: str, attempts: int, chosen: bool) -> None:
        if self._shown == (status, attempts, chosen):
            return
        looks = look(status)
        self._icon.name = looks.icon
        self._icon.props["color"] = looks.colour
        said = looks.text if status != "waiting" else self._kind
        self._status.text = f"{said}, attempt {attempts}" if attempts > 1 else said
        before = self._shown[0] if self._shown else ""
        self._button.classes(remove=before, add=status)
        self._button.props["aria-pressed"] = "true" if chosen else "false"
        self._button.props["aria-label"] = f"State {self._name}: {looks.text}"
        self._shown = (status, attempts, chosen)


def _lines(drawing: Graph) -> None:
    svg = ui.element("svg").props("aria-hidden=true")
    svg.props["viewBox"] = f"0 0 {drawing.width:.0f} {drawing.height:.0f}"
    with svg:
        with ui.element("defs"), ui.element("marker") as marker:
            marker.props.update(
                id="arrow", viewBox="0 0 8 8", refX=7, refY=4, markerWidth=7, markerHeight=7
            )
            marker.props["orient"] = "auto"
            ui.element("path").props["d"] = "M0 0L8 4L0 8z"
        for path in drawing.paths:
            line = ui.element("path")
            line.props["d"] = path
            line.props["marker-end"] = "url(#arrow)"


def preformatted(text: str, longest: int = 20_000) -> Label:
    """Text as it is, in its own lines; of very long text the beginning."""
    text = printable_lines(text)
    cut = f"\n… cut: {len(text) - longest:,} more characters" if len(text) > longest else ""
    return ui.label(text[:longest] + cut).classes("preformatted mono")
