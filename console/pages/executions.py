"""The page of all executions."""

from typing import Any

from nicegui import events, ui

from console.account import Account
from console.executions.listing import Executions
from console.executions.table import Filter, Row, View, view
from console.pages.parts.layout import frame
from console.pages.parts.links import execution_path
from console.pages.parts.live import Live
from console.status import look
from console.times import duration, moment

_STATUSES = ("RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "PENDING_REDRIVE")
_COLUMNS = {
    "name": "Execution",
    "status": "Status",
    "started_by": "Started by",
    "dataset": "Data set",
    "started": "Started",
    "duration": "Duration",
    "decision": "Decision",
    "accuracy": "Accuracy",
}
# Vue escapes what stands in double braces, and what is bound to an attribute.
_CELL = '<q-td :props="props" :data-label="props.col.label">%s</q-td>'
_LOOK = (
    '<span v-if="props.value" class="inline-flex items-center gap-1 whitespace-nowrap">'
    '<q-icon :name="props.value.icon" :color="props.value.colour" size="1.25rem"'
    ' aria-hidden="true"></q-icon>{{ props.value.text }}</span><span v-else class="soft">–</span>'
)
_SLOTS = {
    "body-cell": "<span>{{ props.value }}</span>",
    "body-cell-name": '<a class="mono" :href="props.row.href">{{ props.value }}</a>',
    "body-cell-status": _LOOK,
    "body-cell-decision": _LOOK,
    "body-cell-accuracy": '<span :title="props.row.problem">{{ props.value }}</span>'
    '<span v-if="props.row.problem" class="text-warning block text-xs">'
    "{{ props.row.problem }}</span>",
    "body-cell-started_by": "<span>{{ props.value }}"
    '<span v-if="props.row.reason" class="soft block text-xs">{{ props.row.reason }}</span></span>',
}
# On a phone each execution is a block, with the columns' titles at the left of their values.
_CSS = """
.executions td { overflow-wrap: anywhere; white-space: normal !important; }
.executions .q-table__bottom { display: none; }
.executions, .executions .q-table__card { background: var(--paper) !important; color: var(--ink); }
@media (max-width: 760px) {
  .executions thead { display: none; }
  .executions tr { display: block; padding: .5rem 0; height: auto;
                   border-bottom: 1px solid var(--line); }
  .executions td { display: flex; gap: .75rem; height: auto !important; border: 0 !important;
                   padding: .125rem .75rem !important; text-align: left !important; }
  .executions td::before { content: attr(data-label); position: static !important;
    background: none !important; opacity: 1 !important; flex: 0 0 6rem; color: var(--soft); }
}
"""


def register(account: Account) -> None:
    """Serve the page at `/`."""
    stage = account.stage
    executions = Executions(
        account.client("stepfunctions"),
        account.client("s3"),
        stage.names.state_machine_arn,
        stage.names.bucket,
    )

    @ui.page("/")
    def page() -> None:
        with frame(account, "Executions"):
            _Page(executions)


class _Page:
    """The table and its filter, in one browser tab."""

    def __init__(self, executions: Executions) -> None:
        self._executions = executions
        self._filter, self._number = Filter(), 1
        ui.add_css(_CSS)
        with ui.row().classes("w-full items-center gap-3"):
            self._text = ui.input("Filter by text", on_change=self._changed).props(
                "outlined dense clearable debounce=300 type=search"
            )
            self._text.classes("grow min-w-48")
            choices = {"": "Any status"} | {status: look(status).text for status in _STATUSES}
            self._status = ui.select(choices, value="", label="Status", on_change=self._changed)
            self._status.props("outlined dense").classes("min-w-40")
        self._live = Live(self._read, self._show)
        self._said = ui.label("Reading the executions …").classes("soft")
        self._said.props('role="status" aria-live="polite"')
        self._table = _table()
        self._pages = ui.pagination(1, 1, direction_links=True, on_change=self._turned)
        self._pages.props('max-pages=7 aria-label="Pages of the table"').classes("self-center")

    async def _changed(self, _: events.ValueChangeEventArguments) -> None:
        self._filter = Filter(self._text.value or "", self._status.value or "")
        self._number = 1
        await self._live.refresh()

    async def _turned(self, event: events.ValueChangeEventArguments) -> None:
        if event.value != self._number:
            self._number = int(event.value)
            await self._live.refresh()

    def _read(self) -> tuple[Filter, int, View]:
        asked = self._filter, self._number
        return *asked, view(self._executions, *asked)

    def _show(self, found: tuple[Filter, int, View]) -> None:
        wanted, number, seen = found
        if (wanted, number) != (self._filter, self._number):
            return  # an answer to an earlier question
        self._number = seen.page
        self._pages.max = seen.pages
        self._pages.value = seen.page
        self._pages.visible = seen.pages > 1
        self._table.rows = [_cells(row) for row in seen.rows]
        self._table.visible = bool(seen.rows)
        self._said.text = _said(seen, wanted)


def _table() -> ui.table:
    columns: list[dict[str, Any]] = [
        {"name": name, "field": name, "label": label, "align": "left"}
        for name, label in _COLUMNS.items()
    ]
    table = ui.table(columns=columns, rows=[], row_key="arn", pagination=0)
    for slot, template in _SLOTS.items():
        table.add_slot(slot, _CELL % template)
    table.classes("executions w-full").props("flat bordered hide-pagination")
    table.visible = False
    return table


def _cells(row: Row) -> dict[str, Any]:
    execution, details = row.execution, row.details
    return {
        "arn": execution.arn,
        "name": execution.name,
        "href": execution_path(execution.name),
        "status": _looks(execution.status),
        "started_by": details.started_by or "–",
        "reason": details.reason,
        "dataset": details.dataset or "–",
        "started": moment(execution.started),
        "duration": duration(row.seconds),
        "decision": _looks(details.decision) if details.decision else None,
        "accuracy": "–" if details.accuracy is None else f"{details.accuracy:.4f}",
        "problem": details.problem,
    }


def _looks(status: str) -> dict[str, str]:
    looks = look(status)
    return {"text": looks.text, "icon": looks.icon, "colour": looks.colour}


def _said(seen: View, wanted: Filter) -> str:
    if not seen.total:
        return "No execution yet: upload a data set, or start one."
    if wanted == Filter():
        return f"{seen.total:,} executions" if seen.total != 1 else "1 execution"
    said = f"{seen.found:,} of {seen.total:,} executions"
    if wanted.text and seen.searched < seen.candidates:
        said += f", looked into {seen.searched:,} of {seen.candidates:,} so far"
    return said
