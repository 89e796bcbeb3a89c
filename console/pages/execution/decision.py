"""What the gate decided and by which rules, and the report of the run."""

from nicegui import ui

from console.pages.parts.layout import badge, warn
from lambdas.boundary.text import one_line
from operations.executions.record import RunRecord
from operations.run_files.decision import Rule

_HELD: dict[object, tuple[str, str, str]] = {
    True: ("Held", "check_circle", "positive"),
    False: ("Not held", "cancel", "negative"),
}
_NOT_JUDGED = ("Not judged", "remove_circle_outline", "muted")


class GateView:
    """The decision and the gate's rules, each held or not."""

    def __init__(self) -> None:
        self._shown: tuple[object, ...] | None = None
        self._content = ui.element("div").classes("w-full empty:hidden")

    def show(self, run: RunRecord) -> None:
        """Show the decision, once there is one."""
        if run.decision is None and not run.problems:
            return
        key = (run.decision, run.reason, len(run.rules), run.model_package_arn, run.problems)
        if key != self._shown:
            self._shown = key
            self._content.clear()
            with self._content:
                _decision(run)


class ReportView:
    """The report, at the address that is given, once there is one."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._content = ui.element("div").classes("w-full empty:hidden")
        self._shown = False

    def show(self, run: RunRecord) -> None:
        """Embed the report of a run that was decided."""
        if run.report and not self._shown:
            self._shown = True
            with self._content:
                _report(self._address)


def _decision(run: RunRecord) -> None:
    with ui.card().classes("w-full"):
        with ui.row().classes("items-center gap-3"):
            ui.label("Gate").classes("text-lg font-semibold").props('role=heading aria-level="2"')
            if run.decision:
                badge(one_line(run.decision, 40))
        for problem in run.problems:
            warn(problem)
        ui.label(one_line(run.reason or "")).classes("wrap")
        _rules("Rules", run.rules)
        if run.approval_rules:
            _rules("Rules of automatic approval", run.approval_rules)
        if run.model_package_arn:
            number = run.model_package_arn.rsplit("/", 1)[-1]
            ui.label(f"Registered as {run.model_package_arn}").classes("wrap text-sm soft")
            if number.isdecimal():
                ui.link(f"Version {number}", f"/models/{number}")


def _rules(title: str, rules: tuple[Rule, ...]) -> None:
    with ui.element("ul").classes("w-full flex flex-col gap-2") as items:
        items.props["aria-label"] = title
        for rule in rules:
            text, icon, colour = _HELD.get(rule.held, _NOT_JUDGED)
            with ui.element("li").classes("flex flex-wrap items-center gap-x-3 gap-y-0"):
                with ui.element("span").classes("inline-flex items-center gap-1 min-w-28"):
                    ui.icon(icon, color=colour).props("aria-hidden=true")
                    ui.label(text)
                ui.label(one_line(rule.rule, 200)).classes("font-semibold wrap")
                ui.label(one_line(rule.said, 500)).classes("soft wrap")


def _report(address: str) -> None:
    with ui.card().classes("w-full"):
        with ui.row().classes("w-full items-center gap-3"):
            ui.label("Report").classes("text-lg font-semibold").props('role=heading aria-level="2"')
            ui.space()
            ui.link("Open it alone", address, new_tab=True)
        frame = ui.element("iframe").classes("w-full").style("height: 70vh; border: 0")
        frame.props["src"] = address
        # No scripts, no forms, an origin of its own; the route's headers say the same.
        frame.props["sandbox"] = ""
        frame.props["title"] = "Report of the run"
        frame.props["loading"] = "lazy"
