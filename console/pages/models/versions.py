"""How model versions appear on the pages that speak of them."""

from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import ui

from console.actions import Actions
from console.models import registry
from console.pages.parts import asking, tables
from console.pages.parts.layout import badge
from console.pages.parts.links import execution_path
from operations.models.registry import Rollback, Version
from operations.models.version import Entry

UNKNOWN = "-"


def status(version: Version, champion: Version | None) -> None:
    """The approval status, and whether the version is the champion."""
    with ui.element("span").classes("inline-flex flex-wrap items-center gap-2"):
        badge(version.status)
        if champion is not None and version.arn == champion.arn:
            ui.badge("champion", color="positive")


def ask_rollback(actions: Actions, plan: Rollback, done: Callable[[], Awaitable[object]]) -> None:
    """Open the dialog of a rollback."""
    asking.decide(
        f"Roll back to version {plan.target.number}",
        registry.rollback_consequences(plan),
        "Roll back",
        lambda reason: actions.roll_back(plan, reason),
        done,
    )


def execution_link(entry: Entry) -> tables.Cell:
    """A cell that leads to the execution which registered the version."""
    if entry.execution_arn is None:
        return entry.run_id or UNKNOWN
    name = entry.execution_arn.rsplit(":", 1)[-1]
    return tables.link(entry.run_id or name, execution_path(name))


def value(found: Any) -> str:
    """A setting or a metric as text."""
    if found is None:
        return UNKNOWN
    return f"{found:.6g}" if isinstance(found, float) else str(found)
