"""What there is to say of an execution at the top of its page."""

from nicegui import ui

from console.executions.origin import origin, text
from console.executions.reader import Snapshot
from console.pages.execution.graph import preformatted
from console.pages.parts.layout import badge
from console.pages.parts.links import execution_path
from console.times import duration, moment
from lambdas.runs.causes import readable_cause


class HeaderView:
    """Name, status, who started it, on what, for how long; and why it failed."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._shown: tuple[object, ...] | None = None
        self._content = ui.element("header").classes("w-full flex flex-col gap-2")

    def show(self, found: Snapshot) -> None:
        """Show it as it is now."""
        view, run = found.view, found.run
        took = duration(round(view.seconds(found.now)))
        key = (view.status, took, found.redrives, run.reused, run.decision)
        if key != self._shown:
            self._shown = key
            self._content.clear()
            with self._content:
                self._draw(found, took)

    def _draw(self, found: Snapshot, took: str) -> None:
        view, run = found.view, found.run
        with ui.row().classes("items-center gap-x-4 gap-y-1"):
            name = ui.label(self._name).classes("text-xl font-semibold mono wrap")
            name.props('role=heading aria-level="1"')
            badge(view.status)
        with ui.element("dl").classes("facts"):
            for title, text in _facts(found, took):
                with ui.element("dt"):
                    ui.label(title)
                with ui.element("dd"):
                    ui.label(text).classes("wrap")
        if view.error or view.cause:
            with ui.element("div").classes("problem"):
                ui.label(view.error or view.status).classes("font-semibold wrap")
                preformatted(readable_cause(view.cause), 4_000)
        if run.reused:
            _links(
                "Reused", {f"{step} of {earlier}": earlier for step, earlier in run.reused.items()}
            )
        if run.reproduces:
            _links("Reproduces", {run.reproduces: run.reproduces})


def _facts(found: Snapshot, took: str) -> list[tuple[str, str]]:
    view = found.view
    asked = origin(found.input)
    dataset = text(view.payload("PrepareRun"), "dataset", "name")
    facts = [
        ("Started", f"{moment(view.started)} by {asked.started_by}"),
        ("Reason", asked.reason),
        ("Data set", dataset or asked.dataset),
        ("Duration", took),
        ("Redrives", str(found.redrives) if found.redrives else ""),
        ("Superseded", found.run.superseded or ""),
    ]
    return [(title, said) for title, said in facts if said]


def _links(title: str, names: dict[str, str]) -> None:
    with ui.row().classes("gap-x-3 gap-y-0"):
        ui.label(title).classes("soft")
        for text, name in names.items():
            ui.link(text, execution_path(name)).classes("wrap")
