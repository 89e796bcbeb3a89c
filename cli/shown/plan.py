"""What `deploy` and `destroy` are about to do: shown, agreed to, done."""

import sys
from collections import Counter
from collections.abc import Sequence

import typer
from rich.text import Text

from cli.shown.terminal import WARNING, Terminal
from operations.errors import InputError
from state_machine.deployment.resource import Action, Step

_STYLES = {
    Action.CREATE: "green",
    Action.CHANGE: "yellow",
    Action.KEEP: "dim",
    Action.DELETE: "bold red",
    Action.WAIT: "yellow",
}


def show(steps: Sequence[Step], terminal: Terminal) -> None:
    """Print a table, a line for each resource, and the count of each action."""
    width = max((len(step.resource.kind) for step in steps), default=0)
    for step in steps:
        details = f"  ({', '.join(step.details)})" if step.details else ""
        terminal.text(
            Text.assemble(
                "  ",
                (f"{step.action:<6}", _STYLES[step.action]),
                f"  {step.resource.kind:<{width}}  {step.resource.name}{details}",
            )
        )
    counts = Counter(step.action for step in steps)
    found = ", ".join(f"{counts[action]} to {action}" for action in Action if counts[action])
    terminal.line(f"Plan: {found or 'nothing is there'}")


def agree(steps: Sequence[Step], question: str, *, yes: bool) -> None:
    """Ask before anything is deleted, unless the answer was given on the command line.

    Raises InputError where nobody can be asked, and typer.Abort for a no.
    """
    if yes or not any(step.action is Action.DELETE for step in steps):
        return
    if not sys.stdin.isatty():
        raise InputError(
            f"{question} Nobody can be asked here, and nothing was done",
            "look at the plan above, and give --yes to agree to it",
        )
    typer.confirm(question, abort=True)


def told(step: Step) -> str:
    """Say in one line what is being done."""
    details = f": {', '.join(step.details)}" if step.details else ""
    return f"{step.action} {step.resource.kind} {step.resource.name}{details}"


def apply(steps: Sequence[Step], title: str, terminal: Terminal) -> None:
    """Do what the steps say, show each one while it is done, and say what takes longer."""
    from state_machine.deployment.stage import apply as apply_steps  # noqa: PLC0415 (imports the SDKs)

    with terminal.step(title) as shown:
        late = apply_steps(steps, lambda step: shown.say(told(step)))
    for step in late:
        terminal.mark(WARNING, f"AWS takes longer than two minutes: {told(step)}", "yellow")
