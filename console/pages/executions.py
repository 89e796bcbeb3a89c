"""The page of all executions."""

from typing import Any

from nicegui import ui

from console.account import Account
from console.layout import badge, frame
from console.live import Live


def register(account: Account) -> None:
    """Serve the page at `/`."""

    @ui.page("/")
    def page() -> None:
        with frame(account, "Executions"):
            Live(lambda: _read(account), _show)


def _read(account: Account) -> list[dict[str, Any]]:
    listed = account.stage.client("stepfunctions").list_executions(
        stateMachineArn=account.stage.names.state_machine_arn
    )
    return [dict(execution) for execution in listed["executions"]]


@ui.refreshable
def _show(found: list[dict[str, Any]]) -> None:
    with ui.card().classes("w-full"):
        for execution in found:
            with ui.row():
                ui.link(execution["name"], f"/executions/{execution['name']}")
                badge(execution["status"])
