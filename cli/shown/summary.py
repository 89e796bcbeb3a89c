"""The end of a run for people: what was decided and why, where things lie, what took how long."""

from collections.abc import Iterable
from pathlib import Path

from rich.text import Text

from cli.shown.terminal import DONE, FAILED, WARNING, Terminal
from operations.executions.record import Failure, RunRecord, Seconds
from operations.run_files.decision import Cost, Rule

_NAME_WIDTH = 15
_HEADLINES = {
    "register": ("The model passed the gate and is registered", "green"),
    "keep_champion": ("The champion stays; nothing is registered", "yellow"),
    "reject": ("The model was rejected by the gate; nothing is registered", "yellow"),
    "reproduced": ("Reproduced: the result is that of the original", "green"),
    "differs": ("Not reproduced: the result differs from the original's", "red"),
}
# By whether a rule held; None: there was nothing to judge.
_MARKS = {True: (DONE, "bold green"), False: (FAILED, "bold red"), None: ("-", "dim")}


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
    for problem in run.problems:
        terminal.mark(WARNING, problem, "yellow")


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
        ("Reproduces", run.reproduces),
        *rules("Compared" if run.reproduces else "Gate", run.rules),
        *rules("Auto-approve", run.approval_rules),
        ("Model package", run.model_package_arn),
        ("Approval", run.approval_status),
        ("Artifacts", run.artifacts),
        ("Model", run.model),
        ("Report", run.report),
        ("Local copy", _local_copy(run)),
        ("Execution", run.execution_arn),
        ("Cost", _cost(run.cost) if run.cost else None),
        *reused_rows(run.reused),
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
    return f"{folder}/report.html (and model.tar.gz, ...)" if run.report else str(folder)


def _cost(cost: Cost) -> str:
    """What the jobs cost on the configured instances, wherever they ran."""
    if cost.estimate is None:
        return f"no estimate: {'; '.join(cost.missing)}"
    seconds = sum((job.billable_seconds or 0) * (job.instance_count or 0) for job in cost.jobs)
    saved = f", spot saved ${cost.spot_savings:.4f}" if cost.spot_savings else ""
    return (
        f"${cost.estimate:.4f} on AWS by estimate, {seconds:.0f} s of instances at the prices "
        f"of {cost.prices.date}{saved}"
    )


def reused_rows(steps: dict[str, str]) -> list[tuple[str, Text | None]]:
    """One row a step that was not computed again."""
    return [
        ("Reused" if number == 0 else " ", Text(f"{step} of run {run_id}"))
        for number, (step, run_id) in enumerate(steps.items())
    ]


def rules(title: str, judged: Iterable[Rule]) -> list[tuple[str, Text | None]]:
    """One row a rule: held or not, its name with the bound, and what was found."""
    return [
        (
            title if number == 0 else " ",
            Text.assemble(_MARKS[rule.held], f" {rule.rule}", (f"  {_found(rule)}", "dim")),
        )
        for number, rule in enumerate(judged)
    ]


def _found(rule: Rule) -> str:
    if rule.value is None:
        return rule.said
    if rule.low is None or rule.high is None:
        return f"found {rule.value:.6g}"
    return f"found {rule.value:+.6g} [{rule.low:+.6g}, {rule.high:+.6g}]"


def _times(title: str, times: list[Seconds]) -> list[tuple[str, Text | None]]:
    width = max((len(item.name) for item in times), default=0)
    return [
        (title if index == 0 else " ", Text(f"{item.name:{width}}  {item.seconds:7.1f} s"))
        for index, item in enumerate(times)
    ]


def _text(value: Text | str | None) -> Text:
    return value if isinstance(value, Text) else Text(value or "")
