"""Nothing that others wrote controls the terminal, whoever writes it there and however."""

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import cli.shown
from cli.shown import events, findings, models, plan, progress, summary
from operations.doctor.findings import Finding, Level
from operations.executions.record import Failure, RunRecord, Seconds
from operations.executions.training_log import Epoch
from operations.executions.view import ExecutionView, StateView, Work
from operations.failed_events.invocation_record import InvocationRecord
from operations.failed_events.queue import Kept, Listing, Replay
from operations.models.comparison import Comparison, Difference, Pair
from operations.models.registry import Version
from operations.models.version import Entry, JobRecord, ModelVersion
from operations.run_files.decision import Decision, Rule
from operations.run_files.plan import Data, Plan
from tests.fakes.terminal import PlainTerminal
from tests.support.paths import PROJECT, product_sources

NASTY = "N\x1b]0;OWNED\x07\x1b[2J\x1b]8;;http://evil\x1b\\ \x9b1m \u202etxt.exe \u2028 \0"
# What rich itself writes: colours, a hidden cursor, and lines that are drawn again.
RICHS_OWN = re.compile(r"\x1b\[[0-9;]*m|\x1b\[\?25[lh]|\x1b\[[12]K|\x1b\[1A|\r")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
VERSION = Version(NASTY, 1, NASTY, NASTY, NOW)
ENTRY = Entry(VERSION, NASTY, {"run_id": NASTY, "decision": NASTY}, NASTY, NASTY, NASTY)
RULES = (Rule(NASTY, NASTY),)
MODEL = ModelVersion(
    ENTRY,
    Plan(
        report_uri=NASTY,
        dataset=Data(NASTY, NASTY, NASTY),
        code_uri=NASTY,
        hyperparameters={NASTY: NASTY},
        preprocessing={NASTY: NASTY},
    ),
    Decision(NASTY, NASTY, rules=RULES, metrics={NASTY: 1.0}),
    jobs=(JobRecord(NASTY, NASTY, NOW, NASTY),),
    problems=(NASTY,),
)
COMPARISON = Comparison(
    True, NASTY, 0.95, (Difference(NASTY, 1, 2),), code=(Pair(NASTY, NASTY, NASTY),)
)
RUN = RunRecord(
    status=NASTY,
    execution_arn=NASTY,
    decision=NASTY,
    reason=NASTY,
    rules=RULES,
    approval_rules=RULES,
    model_package_arn=NASTY,
    steps=[Seconds(NASTY, 1.0)],
    reused={NASTY: NASTY},
    problems=(NASTY,),
)
FAILED = replace(RUN, failure=Failure(NASTY, NASTY, NASTY, log=NASTY, log_file=NASTY), resume=NASTY)
TRAIN = StateView(NASTY, "Task", NOW, work=Work(NASTY, progress.GROUP, is_job=True))
WRONG = StateView(NASTY, "Task", NOW, status="failed", error=NASTY, cause=NASTY)
VIEW = ExecutionView(f"arn:{NASTY}", NASTY, NOW, states=(TRAIN, WRONG, replace(WRONG, name="P")))
RECORD = InvocationRecord(NASTY, NASTY, 1, NASTY, NASTY, NASTY)
KEPT = [Kept(NASTY, NOW, RECORD), Kept(NASTY, NOW, None, NASTY)]


def _plan_step() -> Any:
    resource = type("Resource", (), {"kind": NASTY, "name": NASTY})()
    return type("Step", (), {"action": plan.Action.KEEP, "resource": resource, "details": [NASTY]})


def _step(terminal: PlainTerminal) -> None:
    with terminal.step(NASTY) as step:
        for size in (None, 100):
            step.expect(NASTY, size)
            _draw(step)
        step.say(NASTY)
        step.warn(NASTY)
        step.advance(1)
        _draw(step)
        step.title = NASTY


def _draw(step: Any) -> None:
    if step._bar is not None:
        step._bar.refresh()


def _present(terminal: PlainTerminal) -> None:
    with progress.presenter(terminal, [NASTY]) as presenter:
        presenter.show(VIEW, [Epoch(1, 2, {NASTY: 0.5})])


def _present_plainly(terminal: PlainTerminal) -> None:
    with progress.PlainPresenter(terminal, lambda: NOW + timedelta(seconds=1)) as presenter:
        presenter.show(VIEW, [Epoch(1, 2, {NASTY: 0.5})])


DRIVERS: dict[str, Callable[[PlainTerminal], object]] = {
    "terminal.Terminal.line": lambda terminal: terminal.line(NASTY),
    "terminal.Terminal.text": lambda terminal: terminal.text(models.Text(NASTY, "bold")),
    "terminal.Terminal.mark": lambda terminal: terminal.mark(NASTY, NASTY, "red"),
    "terminal.Terminal.error": lambda terminal: terminal.error(NASTY, NASTY),
    "terminal.Terminal.stopped": lambda terminal: terminal.stopped(NASTY),
    "terminal.Terminal.step": _step,
    "events.show": lambda terminal: events.show(Listing(KEPT, 9), NASTY, terminal),
    "events.tell": lambda terminal: events.tell([Replay(NASTY, False, NASTY)], terminal),
    "findings.show": lambda t: findings.show([Finding(NASTY, Level.OK, NASTY, NASTY)], t),
    "models.show_list": lambda terminal: models.show_list([ENTRY], VERSION, terminal),
    "models.show_version": lambda t: models.show_version(MODEL, VERSION, NASTY, t),
    "models.show_comparison": lambda t: models.show_comparison(VERSION, VERSION, COMPARISON, t),
    "plan.show": lambda terminal: plan.show([_plan_step()], terminal),
    "progress.presenter": _present,
    "progress.PlainPresenter": _present_plainly,
    "summary.show": lambda terminal: (summary.show(RUN, terminal), summary.show(FAILED, terminal)),
}
# They write by way of those above, and need an AWS.
ELSEWHERE = {"outcome.follow_to_end", "plan.apply", "progress.LivePresenter", "terminal.Step"}


def _takes_a_terminal(function: Any) -> bool:
    hints = [str(p.annotation) for p in inspect.signature(function).parameters.values()]
    return any("Terminal" in hint for hint in hints)


def _writers() -> Iterator[str]:
    """What writes to a terminal in cli/shown: whatever takes one, and the terminal's methods."""
    for found in pkgutil.iter_modules(cli.shown.__path__):
        module = importlib.import_module(f"cli.shown.{found.name}")
        for name, thing in vars(module).items():
            ours = getattr(thing, "__module__", "") == module.__name__ and not name.startswith("_")
            if ours and name == "Terminal":
                methods = [
                    n for n, _ in inspect.getmembers(thing, inspect.isfunction) if n[0] != "_"
                ]
                yield from (f"{found.name}.Terminal.{method}" for method in methods)
            elif ours and callable(thing) and _takes_a_terminal(thing):
                yield f"{found.name}.{name}"


def test_every_writer_is_driven() -> None:
    assert set(_writers()) == set(DRIVERS) | ELSEWHERE


@pytest.mark.parametrize("animated", [True, False])
@pytest.mark.parametrize("writer", DRIVERS)
def test_no_writer_lets_text_control_the_terminal(writer: str, animated: bool) -> None:
    terminal = PlainTerminal(animated=animated)
    DRIVERS[writer](terminal)
    assert "N" in terminal.written()
    left = RICHS_OWN.sub("", terminal.written()) if animated else terminal.written()
    assert [c for c in left if not c.isprintable() and c != "\n"] == []


# What goes past the terminal, and why it may.
PAST = {
    "cli/shown/terminal.py": {"Console"},  # as the base of the harmless one
    "cli/commands/doctor.py": {"typer.echo(json.dumps)"},  # JSON, in which all is escaped
    "cli/commands/events.py": {"typer.echo(json.dumps)"},
    "cli/commands/models.py": {"typer.echo(json.dumps)"},
    "cli/commands/local.py": {"typer.echo(json.dumps)", "typer.echo"},  # exports that a shell reads
}
WRITES = {"print", "secho", "echo", "print_json"}
STREAMS = {"sys.stdout", "sys.stderr", "sys.__stdout__", "sys.__stderr__"}


def _writes(tree: ast.AST) -> Iterator[str]:
    """What a file writes with, other than the terminal."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node) in STREAMS:
            yield ast.unparse(node)
        if isinstance(node, ast.ImportFrom) and node.module == "rich.console":
            yield from (alias.name for alias in node.names if alias.name == "Console")
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            first = node.args[0] if node.args else None
            dumped = isinstance(first, ast.Call) and ast.unparse(first.func) == "json.dumps"
            if name.rpartition(".")[2] in WRITES and not name.startswith("self."):
                yield f"{name}(json.dumps)" if dumped else name


@pytest.mark.parametrize(
    "path",
    [p for p in product_sources() if p.relative_to(PROJECT).parts[0] in ("cli", "operations")],
    ids=lambda path: str(path.relative_to(PROJECT)),
)
def test_nobody_writes_past_the_terminal(path: Path) -> None:
    found = set(_writes(ast.parse(path.read_text(encoding="utf-8"))))
    assert found == PAST.get(str(path.relative_to(PROJECT)), set())


@pytest.mark.parametrize(
    "code",
    [
        "print(x)",
        "rich.print(x)",
        "typer.echo(x)",
        "sys.stderr.write(x)",
        "from rich.console import Console",
    ],
)
def test_the_check_itself_can_fail(code: str) -> None:
    assert list(_writes(ast.parse(code)))
