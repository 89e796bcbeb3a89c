"""The findings of `retrain doctor`, a line or two for each."""

from collections.abc import Iterable

from cli.shown.terminal import DONE, FAILED, WARNING, Terminal
from operations.doctor.findings import Finding, Level

_MARKS = {
    Level.OK: (DONE, "green"),
    Level.WARNING: (WARNING, "yellow"),
    Level.PROBLEM: (FAILED, "red"),
}


def show(findings: Iterable[Finding], terminal: Terminal) -> None:
    """Write a line for each finding, and a second one where there is something to do."""
    for finding in findings:
        mark, style = _MARKS[finding.level]
        terminal.mark(mark, f"{finding.name}: {finding.found}", style)
        if finding.next_step:
            terminal.line(f"  Next: {finding.next_step}")
