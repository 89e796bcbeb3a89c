"""The training's curves, and the end of a job's log."""

from collections.abc import Callable

from nicegui import run, ui

from console import problems
from console.executions.curves import FIGURES, in_words, options
from operations.executions.training_log import Epoch

CSS = """
.log { max-height: 22rem; overflow: auto; background: var(--ground); padding: .5rem .75rem;
  border: 1px solid var(--line); border-radius: .375rem; display: flex;
  flex-direction: column-reverse; }
.log > div { white-space: pre-wrap; overflow-wrap: anywhere; font-size: .75rem; }
"""


class CurvesView:
    """Loss and accuracy over the epochs, of training and of validation."""

    def __init__(self) -> None:
        self._shown: tuple[Epoch, ...] = ()
        self._charts: dict[str, ui.echart] = {}
        self._card = ui.card().classes("w-full")
        self._card.visible = False
        with self._card:
            ui.label("Training").classes("text-lg font-semibold").props(
                'role=heading aria-level="2"'
            )
            self._said = ui.label().classes("soft wrap").props('aria-live="polite"')
            self._drawn = ui.element("div").classes("w-full grid grid-cols-1 md:grid-cols-2 gap-4")

    def show(self, epochs: tuple[Epoch, ...]) -> None:
        """Let the curves grow."""
        if epochs == self._shown:
            return
        self._shown = epochs
        self._card.visible = bool(epochs)
        self._said.text = in_words(epochs)
        if not self._charts:  # a browser loads ECharts, a megabyte, when there is something to draw
            with self._drawn:
                self._charts = {figure: self._chart(figure) for figure in FIGURES}
        for figure, chart in self._charts.items():
            chart.options.clear()
            chart.options.update(options(figure, epochs))

    @staticmethod
    def _chart(figure: str) -> ui.echart:
        # ECharts itself tells a screen reader what is drawn.
        return ui.echart(options(figure, ()), renderer="svg").classes("w-full h-64")


class LogView:
    """The last lines that a job has written, and those before them on request."""

    def __init__(self, earlier: Callable[[], tuple[str, ...]]) -> None:
        self._earlier = earlier
        self._shown: tuple[object, ...] | None = None
        self._card = ui.card().classes("w-full")
        self._card.visible = False
        with self._card:
            with ui.row().classes("w-full items-center gap-3"):
                ui.label("Log").classes("text-lg font-semibold").props(
                    'role=heading aria-level="2"'
                )
                self._job = ui.label().classes("soft mono text-xs wrap")
                ui.space()
                self._more = ui.button("Earlier lines", icon="expand_less", on_click=self._read)
                self._more.props("flat dense no-caps")
            with ui.element("div").classes("log w-full") as box:
                box.props('tabindex=0 role=log aria-label="Log of the job"')
                self._lines = ui.label().classes("mono")

    def show(self, job: str, lines: tuple[str, ...], *, more: bool) -> None:
        """Show the lines of a job; of none, nothing."""
        key = (job, len(lines), lines[-1:], lines[:1], more)
        if key == self._shown:
            return
        self._shown = key
        self._card.visible = bool(job)
        self._job.text = job
        self._lines.text = "\n".join(lines) or "No lines so far"
        self._more.visible = more

    async def _read(self) -> None:
        try:
            lines = await run.io_bound(self._earlier)
        except Exception as error:
            ui.notify(problems.in_words(error), type="negative")
            return
        self._shown = None
        self._lines.text = "\n".join(lines or ())
