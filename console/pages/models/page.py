"""The pages of the registry: all versions, and one of them."""

import functools
from urllib.parse import quote

from fastapi import HTTPException
from fastapi.responses import StreamingResponse
from nicegui import app, ui
from starlette.concurrency import run_in_threadpool

from console.account import Account
from console.actions import Actions
from console.models import registry
from console.models.registry import Page, Registry
from console.pages.models import detail
from console.pages.models.versions import ask_rollback, execution_link, status
from console.pages.parts import asking, tables
from console.pages.parts.layout import badge, frame
from console.pages.parts.live import Live, anew
from console.times import moment
from operations.errors import RetrainError
from operations.models.registry import Version
from operations.models.version import Entry

SECONDS = 5.0  # decisions are rare, and a page of versions takes a call for each
_CHUNK = 1024 * 1024


def register(account: Account) -> None:
    """Serve `/models`, `/models/{number}` and the download of a model."""

    @ui.page("/models")
    def all_versions(page: int = 1) -> None:
        with frame(account, "Models"):
            tables.style()
            shown = _List(account)
            shown.live = Live(lambda: registry.read_page(account, page), anew(shown.show), SECONDS)

    @ui.page("/models/{number:int}")
    def one_version(number: int) -> None:
        with frame(account, f"Model {number}", "Models"):
            tables.style()
            shown = detail.Detail(account)
            shown.live = Live(
                lambda: registry.read_detail(account, number), anew(shown.show), SECONDS
            )

    @app.get("/models/{number:int}/model.tar.gz")
    async def download(number: int) -> StreamingResponse:
        try:
            archive = await run_in_threadpool(registry.read_archive, account, number)
        except RetrainError as error:
            raise HTTPException(404, str(error)) from error
        return StreamingResponse(
            archive.body.iter_chunks(_CHUNK),
            media_type="application/gzip",
            headers={
                "Content-Length": str(archive.size),
                "Content-Disposition": f"attachment; filename*=UTF-8''{quote(archive.name)}",
            },
        )


class _List:
    """The page of all versions; `live` reads it."""

    live: Live

    def __init__(self, account: Account) -> None:
        self._account = account
        self._actions = Actions(account)

    def show(self, page: Page) -> None:
        """Draw it."""
        found = page.registry
        if not found.versions:
            ui.label(f"{found.group} has no version yet: a model that passes the gate is one.")
            ui.link("Start an execution", "/start")
            return
        with ui.card().classes("w-full"):
            with ui.row().classes("w-full items-center gap-4"):
                _champion(found)
                ui.space()
                self._roll_back(found)
            if len(found.versions) > 1:
                _compare(found)
        with ui.card().classes("w-full"):
            titles = ("Version", "Status", "Accuracy", "Gate", "Created", "Run", "Who and why")
            rows = [_row(entry, found.champion) for entry in page.entries]
            tables.table(f"Versions of {found.group}", titles, rows)
            _pages(page)

    def _roll_back(self, found: Registry) -> None:
        plans = registry.rollbacks(found)
        if not plans:
            return
        ask = functools.partial(ask_rollback, self._actions, plans[0], self.live.refresh)
        asking.button(self._account, "Roll back", "undo", ask, "secondary")


def _champion(found: Registry) -> None:
    champion = found.champion
    with ui.element("div").classes("inline-flex items-center gap-2"):
        colour = "positive" if champion else "muted"
        ui.icon("emoji_events", color=colour, size="sm").props("aria-hidden=true")
        if champion is None:
            ui.label("There is no champion: no version is approved.")
        else:
            ui.label("The champion is")
            ui.link(f"version {champion.number}", f"/models/{champion.number}")


def _compare(found: Registry) -> None:
    numbers = [version.number for version in found.versions]
    first = found.champion.number if found.champion else numbers[1]
    second = next(number for number in numbers if number != first)
    with ui.row().classes("items-end gap-3"):
        one = ui.select(numbers, label="Compare version", value=first).classes("w-40")
        other = ui.select(numbers, label="with version", value=second).classes("w-40")
        ui.button(
            "Compare",
            icon="compare_arrows",
            color="secondary",
            on_click=lambda: ui.navigate.to(
                f"/models/compare?first={one.value}&second={other.value}"
            ),
        ).props("no-caps")


def _row(entry: Entry, champion: Version | None) -> list[tables.Cell]:
    version = entry.version
    return [
        tables.link(str(version.number), f"/models/{version.number}"),
        lambda: status(version, champion),
        "-" if entry.accuracy is None else f"{entry.accuracy:.4f}",
        lambda: badge(entry.decision) if entry.decision else ui.label("-"),
        moment(version.created),
        execution_link(entry),
        entry.approval or "-",
    ]


def _pages(page: Page) -> None:
    last = page.registry.pages
    if last == 1:
        return
    ui.pagination(
        1,
        last,
        direction_links=True,
        value=page.number,
        on_change=lambda event: ui.navigate.to(f"/models?page={event.value}"),
    )
