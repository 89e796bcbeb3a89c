"""Two ways to show an execution while it runs: redrawn on a terminal, plain lines elsewhere."""

from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from rich.console import Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from cli.shown.terminal import DONE, FAILED, Terminal
from operations.executions.training_log import GROUP, Epoch
from operations.executions.view import ExecutionView, StateView

PENDING = "·"
_BAR_WIDTH = 32
_MARKS = {
    "succeeded": Text(DONE, style="bold green"),
    "failed": Text(FAILED, style="bold red"),
    "aborted": Text(FAILED, style="bold yellow"),
}


def now() -> datetime:
    """The time now, with its zone, as botocore's times have."""
    return datetime.now(UTC)


def presenter(terminal: Terminal, planned: list[str]) -> "LivePresenter | PlainPresenter":
    """The one that suits the terminal. `planned` are the states known before they are entered."""
    return LivePresenter(terminal, planned) if terminal.animated else PlainPresenter(terminal)


class PlainPresenter:
    """One line for every state that begins or ends, one for every epoch."""

    def __init__(self, terminal: Terminal, clock: Callable[[], datetime] = now) -> None:
        self._terminal = terminal
        self._clock = clock
        self._shown: set[tuple[object, ...]] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Every line is out already."""

    def show(self, view: ExecutionView, epochs: list[Epoch]) -> None:
        """Write what is new since the last call."""
        for state in view.states:
            if state.kind == "Task":
                self._show_task(view, state, epochs)
            else:
                self._once((state.name,), view, state.entered, state.name)
            if state.name == "PrepareRun":
                for step, run_id in view.reused.items():
                    text = f"{step} reused from run {run_id}"
                    self._once((step, "reused"), view, state.ended or state.entered, text)

    def _show_task(self, view: ExecutionView, state: StateView, epochs: list[Epoch]) -> None:
        job = state.work.name if state.work else ""
        begun = (state.name, state.attempts)
        # A state that is over already needs no line of its own for its beginning.
        if state.work is not None and (state.ended is None or _is_training(state)):
            self._once(begun, view, state.entered, f"{state.name} {_beginning(state)}")
        if _is_training(state):
            for epoch in epochs:
                text = f"{state.name} epoch {epoch.number}/{epoch.of}  {epoch}"
                self._once((job, epoch.number), view, self._clock(), text)
        if state.ended is not None:
            took = f"({state.seconds(state.ended):.1f} s)"
            self._once((*begun, "end"), view, state.ended, f"{state.name} {state.status} {took}")

    def _once(self, key: tuple[object, ...], view: ExecutionView, at: datetime, text: str) -> None:
        if key not in self._shown:
            self._shown.add(key)
            self._terminal.line(f"[{view.elapsed(at):6.1f} s] {text}")


class LivePresenter:
    """All states with marks and seconds, and a bar over the epochs, redrawn in place."""

    def __init__(
        self, terminal: Terminal, planned: list[str], clock: Callable[[], datetime] = now
    ) -> None:
        self._planned = planned
        self._clock = clock
        self._spinner = Spinner("dots", style="cyan")
        self._view: ExecutionView | None = None
        self._epochs: list[Epoch] = []
        self._live = Live(
            console=terminal.out, get_renderable=self.render, refresh_per_second=8, transient=False
        )

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._live.stop()

    def show(self, view: ExecutionView, epochs: list[Epoch]) -> None:
        """Redraw with this view from now on."""
        self._view, self._epochs = view, epochs

    def render(self) -> RenderableType:
        """What is on the screen now."""
        view = self._view
        if view is None:
            return Text()
        table = Table.grid(padding=(0, 1))
        table.add_column(width=1)
        table.add_column(min_width=14)
        table.add_column(min_width=9, justify="right")
        table.add_column()
        for state in view.states:
            self._add_state(table, view, state)
            if state.name == "PrepareRun":
                for step, run_id in view.reused.items():
                    told = Text(f"reused from run {run_id}", style="dim")
                    table.add_row(_MARKS["succeeded"], Text(step), "", told)
        for name in self._planned:
            if view.state(name) is None and name not in view.reused and not view.ended:
                table.add_row(Text(PENDING, style="dim"), Text(name, style="dim"), "", "")
        return Group(self._title(view), table)

    def _title(self, view: ExecutionView) -> Text:
        seconds = view.seconds(self._clock())
        return Text.assemble(
            "\nExecution ", (view.name, "bold"), f"  {view.status}  {seconds:.0f} s\n"
        )

    def _add_state(self, table: Table, view: ExecutionView, state: StateView) -> None:
        mark = _MARKS.get(state.status, self._spinner)
        seconds = Text(f"{state.seconds(self._clock()):.1f} s", style="dim")
        detail: RenderableType = ""
        if _is_training(state):
            detail = self._progress()
        elif state.status == "failed":
            detail = Text(state.error or view.error, style="red")
        table.add_row(mark, Text(state.name), seconds, detail)

    def _progress(self) -> RenderableType:
        if not self._epochs:
            return ""
        newest = self._epochs[-1]
        line = Table.grid(padding=(0, 1))
        line.add_row(
            ProgressBar(total=newest.of, completed=newest.number, width=_BAR_WIDTH),
            Text(f"epoch {newest.number}/{newest.of}"),
        )
        return Group(line, Text(str(newest), style="dim"))


def _is_training(state: StateView) -> bool:
    return state.work is not None and state.work.log_group == GROUP


def _beginning(state: StateView) -> str:
    attempt = f", attempt {state.attempts}" if state.attempts > 1 else ""
    job = f" ({state.work.name})" if state.work else ""
    return f"running{attempt}{job}"
