"""The page of one execution, put together; its parts are in modules of their own."""

import re
from urllib.parse import quote

from nicegui import app, run, ui
from starlette.responses import Response

from cli.execution import StateView as State
from console.account import Account
from console.actions import Actions
from console.execution import Reader, Readers, Snapshot
from console.job_log import JobLog
from console.layout import badge, frame
from console.live import Live
from console.origin import origin
from console.pages import execution_graph, execution_timeline, execution_training
from console.pages.execution_buttons import ButtonsView
from console.pages.execution_decision import GateView, ReportView
from console.pages.execution_graph import GraphView, preformatted
from console.pages.execution_state import StateView
from console.pages.execution_timeline import EventsView, TimelineView
from console.pages.execution_training import CurvesView, LogView
from console.report import response
from console.times import duration, moment
from lambdas.causes import readable_cause

# https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html (name)
NAME = re.compile(r"[^\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]{1,80}")
_CSS = """
.preformatted { white-space: pre-wrap; overflow-wrap: anywhere; font-size: .75rem;
  max-height: 24rem; overflow: auto; }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: .125rem 1rem; margin: 0; }
.facts dt { color: var(--soft); } .facts dd { margin: 0; min-width: 0; }
.problem { border-left: 4px solid var(--q-negative); padding: .375rem .75rem;
  background: color-mix(in srgb, var(--q-negative) 10%, transparent); border-radius: .25rem; }
"""


def register(account: Account) -> None:
    """Serve the page at `/executions/{name}`, and the report of its run below that."""
    stage = account.stage
    states, logs, s3 = (stage.client(name) for name in ("stepfunctions", "logs", "s3"))
    readers = Readers(lambda arn: Reader(states, logs, arn))
    actions = Actions(account)

    @ui.page("/executions/{name}")
    def page(name: str) -> None:
        with frame(account, "Execution"):
            if not NAME.fullmatch(name):
                ui.label("No execution can have this name.")
                return
            arn = stage.names.execution_arn(name)
            _Page(account, actions, readers.of(arn), arn, lambda work: JobLog(logs, work))

    @app.get("/executions/{name}/report")
    async def report(name: str) -> Response:
        if not NAME.fullmatch(name):
            return Response("No execution can have this name", 404)
        arn = stage.names.execution_arn(name)
        found = await run.io_bound(response, s3, stage.names.bucket, arn)
        assert found is not None  # only while the process ends
        return found


class _Page:
    """One execution in one browser tab."""

    def __init__(self, account, actions, reader, arn, make_log) -> None:  # type: ignore[no-untyped-def]
        self._reader: Reader = reader
        self._make_log = make_log
        self._chosen = ""
        self._found: Snapshot | None = None
        self._log: JobLog | None = None
        self._graph: GraphView | None = None
        self._header_key: object = None
        self._name = arn.rsplit(":", 1)[-1]
        ui.add_css("".join((_CSS, *(p.CSS for p in (execution_graph, execution_timeline)))))
        ui.add_css(execution_training.CSS)
        self._live = Live(self._read, self._show)
        self._header = ui.element("header").classes("w-full flex flex-col gap-2")
        self._buttons = ButtonsView(
            actions, arn, read_only=account.read_only, done=self._live.refresh
        )
        with ui.element("div").classes("w-full grid grid-cols-1 lg:grid-cols-2 gap-4 items-start"):
            self._drawing = ui.card().classes("w-full min-w-0")
            with ui.element("div").classes("w-full min-w-0 flex flex-col gap-4"):
                with ui.card().classes("w-full min-w-0"):
                    self._state = StateView()
                self._gate = GateView()
                self._log_view = LogView(lambda: self._log.earlier() if self._log else ())
        with ui.card().classes("w-full"):
            _heading("Timeline")
            self._reading = ui.label().classes("soft").props('role="status"')
            self._timeline = TimelineView()
            self._events = EventsView(reader.events)
        self._curves = CurvesView()
        self._report = ReportView(f"/executions/{quote(self._name, safe='')}/report")

    def _read(self):  # type: ignore[no-untyped-def]
        found = self._reader.read()
        state = self._state_of(found)
        work = state.work if state else None
        if work is None or not work.is_job:
            jobs = [s for s in found.view.states if s.work and s.work.is_job]
            newest = max(jobs, key=lambda each: each.entered, default=None)
            work = newest.work if newest and not self._chosen else None
        if work is None:
            self._log = None
        elif self._log is None or self._log.work != work:
            self._log = self._make_log(work)
        lines = self._log.tail() if self._log else ()
        return found, self._reader.graph(), self._chosen, lines

    def _state_of(self, found: Snapshot) -> State | None:
        return found.view.state(self._chosen) if self._chosen else found.view.last

    def _show(self, read) -> None:  # type: ignore[no-untyped-def]
        found, drawing, _, lines = read
        self._found = found
        self._show_header(found)
        self._buttons.show(found)
        if self._graph is None:
            with self._drawing:
                self._graph = GraphView(drawing, self._choose)
        self._show_state()
        log = self._log
        self._log_view.show(log.work.name if log else "", lines, more=bool(log and log.has_earlier))
        self._curves.show(found.epochs)
        self._timeline.show(found.timeline)
        self._reading.text = (
            "" if found.complete else f"Reading older events: {found.events:,} so far"
        )
        self._reading.visible = not found.complete
        self._events.show(found.events)
        self._gate.show(found.run)
        self._report.show(found.run)

    def _show_state(self) -> None:
        if self._found is None:
            return
        state = self._state_of(self._found)
        name = self._chosen or (state.name if state else "")
        if self._graph:
            self._graph.show(self._found.view, name)
        if name:
            self._state.show(name, self._reader.visits().of(name))

    async def _choose(self, name: str) -> None:
        self._chosen = name
        self._show_state()
        await self._live.refresh()

    def _show_header(self, found: Snapshot) -> None:
        view, run = found.view, found.run
        took = duration(round(view.seconds(found.now)))
        key = (view.status, took, found.redrives, run and (run.reused, run.decision))
        if key == self._header_key:
            return
        self._header_key = key
        self._header.clear()
        with self._header:
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
            if run and run.reused:
                _links("Reused", {f"{k} of {v}": v for k, v in run.reused.items()})
            if run and run.reproduces:
                _links("Reproduces", {run.reproduces: run.reproduces})


def _facts(found: Snapshot, took: str) -> list[tuple[str, str]]:
    view = found.view
    asked = origin(found.input)
    dataset = view.payload("PrepareRun").get("dataset")
    name = dataset.get("name") if isinstance(dataset, dict) else None
    facts = [
        ("Started", f"{moment(view.started)} by {asked.started_by}"),
        ("Reason", asked.reason),
        ("Data set", name if isinstance(name, str) else asked.dataset),
        ("Duration", took),
        ("Redrives", str(found.redrives) if found.redrives else ""),
        ("Superseded", (found.run and found.run.superseded) or ""),
    ]
    return [(title, text) for title, text in facts if text]


def _links(title: str, names: dict[str, str]) -> None:
    with ui.row().classes("gap-x-3 gap-y-0"):
        ui.label(title).classes("soft")
        for text, name in names.items():
            ui.link(text, f"/executions/{quote(name, safe='')}").classes("wrap")


def _heading(title: str) -> None:
    ui.label(title).classes("text-lg font-semibold").props('role=heading aria-level="2"')
