"""The page of one execution, put together; its parts are in modules of their own."""

import re
from collections.abc import Callable

from nicegui import app, run, ui
from starlette.responses import Response

from console.account import Account
from console.actions import Actions
from console.executions.graph import Graph
from console.executions.job_log import JobLog
from console.executions.reader import Reader, Readers, Snapshot
from console.executions.report import response
from console.pages.execution import graph, timeline, training
from console.pages.execution.buttons import ButtonsView
from console.pages.execution.decision import GateView, ReportView
from console.pages.execution.graph import GraphView
from console.pages.execution.header import HeaderView
from console.pages.execution.state import StateView
from console.pages.execution.timeline import EventsView, TimelineView
from console.pages.execution.training import CurvesView, LogView
from console.pages.parts.layout import frame
from console.pages.parts.links import execution_path
from console.pages.parts.live import Live
from operations.executions.view import StateView as State
from operations.executions.view import Work

# https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html (name)
NAME = re.compile(r"[^\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]{1,80}")
# A snapshot, the drawing, the state that was chosen, the lines of the log.
Seen = tuple[Snapshot, Graph, str, tuple[str, ...]]
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
    states, logs, s3 = (account.client(name) for name in ("stepfunctions", "logs", "s3"))
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

    def __init__(
        self,
        account: Account,
        actions: Actions,
        reader: Reader,
        arn: str,
        make_log: Callable[[Work], JobLog],
    ) -> None:
        self._reader, self._make_log = reader, make_log
        self._chosen = ""
        self._found: Snapshot | None = None
        self._log: JobLog | None = None
        self._graph: GraphView | None = None
        for css in (_CSS, graph.CSS, timeline.CSS, training.CSS):
            ui.add_css(css)
        self._live = Live(self._read, self._show)
        self._body = ui.element("div").classes("w-full flex flex-col gap-4")
        self._body.visible = False  # until it is known that there is such an execution
        with self._body:
            self._lay_out(account, actions, arn)

    def _lay_out(self, account: Account, actions: Actions, arn: str) -> None:
        name = arn.rsplit(":", 1)[-1]
        self._header = HeaderView(name)
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
            ui.label("Timeline").classes("text-lg font-semibold").props(
                'role=heading aria-level="2"'
            )
            self._reading = ui.label().classes("soft").props('role="status"')
            self._timeline = TimelineView()
            self._events = EventsView(self._reader.events)
        self._curves = CurvesView()
        self._report = ReportView(f"{execution_path(name)}/report")

    def _read(self) -> Seen:
        found = self._reader.read()
        work = self._work(found)
        if work is None:
            self._log = None
        elif self._log is None or self._log.work != work:
            self._log = self._make_log(work)
        lines = self._log.tail() if self._log else ()
        return found, self._reader.graph(), self._chosen, lines

    def _work(self, found: Snapshot) -> Work | None:
        """The job whose log is shown: the state's, or the newest where no state is chosen."""
        state = self._state_of(found)
        if state and state.work and state.work.is_job:
            return state.work
        jobs = [each for each in found.view.states if each.work and each.work.is_job]
        newest = max(jobs, key=lambda each: each.entered, default=None)
        return newest.work if newest and not self._chosen else None

    def _state_of(self, found: Snapshot) -> State | None:
        return found.view.state(self._chosen) if self._chosen else found.view.last

    def _show(self, seen: Seen) -> None:
        found, drawing, _, lines = seen
        self._found = found
        self._body.visible = True
        self._header.show(found)
        self._buttons.show(found)
        if self._graph is None:
            with self._drawing:
                self._graph = GraphView(drawing, self._choose)
        self._show_state()
        log = self._log
        self._log_view.show(log.work.name if log else "", lines, more=bool(log and log.has_earlier))
        self._curves.show(found.epochs)
        self._timeline.show(found.timeline)
        self._reading.text = f"Reading older events: {found.events:,} so far"
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
