"""The end of a run for people: what was decided and why, where things lie, what took how long."""

from pathlib import Path

from rich.text import Text

from cli.run_record import Failure, RunRecord, Seconds
from cli.terminal import DONE, FAILED, Terminal

_NAME_WIDTH = 15
_HEADLINES = {
    "register": ("The model passed the gate and is registered", "green"),
    "keep_champion": ("The champion stays: the new model is not better", "yellow"),
    "reject": ("The model was rejected by the gate; nothing is registered", "yellow"),
}


def show(run: RunRecord, terminal: Terminal) -> None:
    """Write the summary of a run that ended in whichever way."""
    terminal.line()
    if run.decided:
        _show_decision(run, terminal)
    elif run.superseded is not None:
        terminal.line("Superseded: newer files took this execution's place", style="bold yellow")
        terminal.line(f"  {run.superseded}")
    elif run.failure is not None:
        _show_failure(run.failure, run.status, terminal)
        if run.resume:
            terminal.line(f"  Resume: {run.resume}")
    _show_table(run, terminal)


def _show_decision(run: RunRecord, terminal: Terminal) -> None:
    headline, style = _HEADLINES.get(run.decision or "", (f"Decision: {run.decision}", "yellow"))
    terminal.line(headline, style=f"bold {style}")
    if run.decision != "register" and run.reason:
        terminal.line(f"  {run.reason}")


def _show_failure(failure: Failure, status: str, terminal: Terminal) -> None:
    terminal.mark(FAILED, f"{status} in {failure.state}: {failure.error}", "red")
    for line in failure.cause.splitlines():
        terminal.line(f"  {line}")
    if failure.log_file:
        terminal.line(f"  Log file: {failure.log_file}")
    if failure.log:
        terminal.line(f"  Log: aws logs tail {failure.log}")


def _show_table(run: RunRecord, terminal: Terminal) -> None:
    """One line a fact and no frames: an ARN can be copied as it stands, however long."""
    terminal.line()
    for name, value in _facts(run):
        terminal.text(Text.assemble((f"{name:<{_NAME_WIDTH}}", "dim"), value))


def _facts(run: RunRecord) -> list[tuple[str, Text]]:
    """The rows of the table; what is not known has no row."""
    accuracy = run.metrics.get("accuracy")
    facts = [
        ("Test accuracy", f"{accuracy:.4f}" if accuracy is not None else None),
        ("Decision", run.decision),
        *_rules(run),
        ("Model package", run.model_package_arn),
        ("Approval", run.approval_status),
        ("Artifacts", run.artifacts),
        ("Model", run.model),
        ("Report", run.report),
        ("Local copy", _local_copy(run)),
        ("Execution", run.execution_arn),
        *_times("Preparation", run.preparation),
        *_times("Steps", run.steps),
        ("Total", f"{run.wall_seconds:.1f} s"),
    ]
    return [(name, _text(value)) for name, value in facts if value]


def _local_copy(run: RunRecord) -> str | None:
    if run.local_copy is None:
        return None
    folder = Path(run.local_copy)
    if folder.is_relative_to(Path.cwd()):
        folder = folder.relative_to(Path.cwd())
    return f"{folder} (report.html, model.tar.gz, ...)" if run.report else str(folder)


def _rules(run: RunRecord) -> list[tuple[str, Text | None]]:
    rows: list[tuple[str, Text | None]] = []
    for rule in run.rules:
        held = bool(rule.get("held"))
        mark = (DONE, "bold green") if held else (FAILED, "bold red")
        value = rule.get("value")
        found = f"{value:.6g}" if isinstance(value, int | float) else str(value)
        text = Text.assemble(mark, f" {rule.get('rule')}", (f"  found {found}", "dim"))
        rows.append(("Gate" if not rows else " ", text))
    return rows


def _times(title: str, times: list[Seconds]) -> list[tuple[str, Text | None]]:
    width = max((len(item.name) for item in times), default=0)
    return [
        (title if index == 0 else " ", Text(f"{item.name:{width}}  {item.seconds:7.1f} s"))
        for index, item in enumerate(times)
    ]


def _text(value: Text | str | None) -> Text:
    return value if isinstance(value, Text) else Text(value or "")
