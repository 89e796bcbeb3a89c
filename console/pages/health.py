"""Whether all is well."""

from collections.abc import Callable
from dataclasses import replace

from nicegui import ui
from rich.filesize import decimal

from console import health
from console.account import Account
from console.actions import Actions
from console.health import Connection, DiskUse, Folder, Measured
from console.pages.parts import asking, tables
from console.pages.parts.layout import frame
from console.pages.parts.layout import show as show_look
from console.pages.parts.links import execution_path
from console.pages.parts.live import Live, anew
from console.status import Look
from console.times import moment
from operations.failed_events.queue import Kept, Listing, Replay

SECONDS = 5.0
_LARGEST = 50  # runs that are shown
_UP = Look("Up", "check_circle", "positive")
_DOWN = Look("Does not answer", "error", "negative")
_ASKING = Look("Asking", "hourglass_empty", "muted")
_UNKNOWN = "..."


def register(account: Account) -> None:
    """Serve `/health`."""
    measured = Measured(account)

    @ui.page("/health")
    def page() -> None:
        with frame(account, "Health"):
            tables.style()
            with ui.card().classes("w-full"):
                _title("Embedded AWS" if account.embedded else "AWS")
                Live(
                    lambda: health.connection(account),
                    anew(_connection),
                    SECONDS,
                    first=health.before_asking(account),
                )
            with ui.card().classes("w-full"):
                _Events(account)
            with ui.card().classes("w-full"):
                _Disk(measured)


def _connection(found: Connection) -> None:
    look, answers = _DOWN if found.problem else _UP, f"{found.milliseconds:.0f} ms"
    if not found.asked:  # as many lines as there will be: nothing moves under a pointer
        look, answers = _ASKING, _UNKNOWN
        found = replace(found, identity=_UNKNOWN, server=_UNKNOWN)
    known: list[tuple[str, tables.Cell]] = [
        ("Status", lambda: show_look(look)),
        ("Endpoint", found.endpoint or "AWS's own"),
        ("Account", found.account),
        ("Region", found.region),
        ("Acting as", found.identity),
        ("Server", found.server),
    ]
    if not found.problem:
        known.append(("Answers in", answers))
    else:
        known.append(("Problem", found.problem))
        if found.embedded:
            known.append(("Next", "`retrain local start` starts it; it may have another port then"))
    tables.facts([(name, cell) for name, cell in known if cell])


class _Events:
    """The kept events: they are read when somebody asks, because reading hides them from others.

    A read-only console counts them and reads none.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self._actions = Actions(account)
        _title("Failed events")
        ui.label(
            f"What no Lambda could handle after its retries is kept for 14 days. {_said(account)}"
        ).classes("soft text-sm")
        with ui.row().classes("items-center gap-2"):
            asking.button(account, "Read the queue", "refresh", self.read, "secondary")
            self._count = ui.label().props("role=status")
        self._content = ui.element("div").classes("flex flex-col gap-2 w-full")
        ui.timer(0.1, self._say_how_many, once=True)

    async def _say_how_many(self) -> None:
        counted: list[int] = []
        problem = await asking.attempt(lambda: counted.append(health.kept_events(self._account)))
        self._count.text = problem or f"About {counted[0]} kept"

    async def read(self) -> None:
        """Show what is kept now."""
        found: list[Listing] = []
        self._count.text = "Reading ..."
        problem = await asking.attempt(lambda: found.append(self._actions.read_failed_events()))
        self._content.clear()
        self._count.text = problem or f"{found[0].kept} kept"
        if found and found[0].events:
            with self._content:
                self._show(found[0])

    def _show(self, found: Listing) -> None:
        rows = [self._row(event) for event in found.events]
        tables.table("Oldest first", ("When", "Lambda", "Event", "Cause", ""), rows)
        asking.button(self._account, "Replay all", "replay", self._replaying(None))

    def _row(self, event: Kept) -> list[tables.Cell]:
        record = event.record
        if record is None:
            return [moment(event.at), "-", "-", event.problem, ""]
        return [
            moment(event.at),
            f"{record.function}, tried {record.attempts} x",
            record.event,
            ": ".join(filter(None, (record.condition, record.cause))),
            lambda: asking.button(
                self._account, "Replay", "replay", self._replaying(event.id), "secondary"
            ),
        ]

    def _replaying(self, event: str | None) -> Callable[[], object]:
        async def replay() -> None:
            done: list[Replay] = []
            ids = None if event is None else [event]
            problem = await asking.attempt(lambda: done.extend(self._actions.replay(ids)))
            await self.read()
            with self._content:
                if problem:
                    ui.label(problem).props("role=alert").classes("text-negative wrap")
                for one in done:
                    look = ("check_circle", "positive") if one.done else ("error", "negative")
                    show_look(Look(one.message, *look))

        return replay


def _said(account: Account) -> str:
    """When the queue is read, and why not more often."""
    if account.read_only:
        return (
            "Reading the queue takes its events from everybody else for a moment, and SQS counts "
            "that: a read-only console only asks about how many there are."
        )
    return "While the queue is read, nobody else sees it for a moment: so it is read when you ask."


class _Disk:
    """What the runs take, measured when somebody asks."""

    def __init__(self, measured: Measured) -> None:
        self._measured = measured
        _title("Disk used by runs")
        with ui.row().classes("items-center gap-2"):
            self._button = ui.button(
                "Measure", icon="straighten", color="secondary", on_click=self._measure
            ).props("no-caps")
            self._said = ui.label().props("role=status")
        self._content = ui.element("div").classes("flex flex-col gap-2 w-full")
        if measured.newest:
            self._show(measured.newest)

    async def _measure(self) -> None:
        self._button.disable()
        self._said.text = "Listing the bucket, 1,000 objects at a time ..."
        problem = await asking.attempt(self._measured.measure)
        self._button.enable()
        self._said.text = problem
        if not problem and self._measured.newest:
            self._show(self._measured.newest)

    def _show(self, found: DiskUse) -> None:
        self._said.text = f"{decimal(found.size)} in all, on {moment(found.measured)}"
        self._content.clear()
        with self._content:
            ui.label("Current versions of objects; what was overwritten is not counted.").classes(
                "soft text-sm"
            )
            titles = ("Folder", "Size", "Objects", "Newest")
            if found.runs:
                rows = [_run(folder) for folder in found.runs[:_LARGEST]]
                tables.table(_caption(found), titles, rows)
            rest = [_folder(folder.name, folder) for folder in found.rest]
            if rest:
                tables.table("Everything else", titles, rest)


def _caption(found: DiskUse) -> str:
    shown = min(len(found.runs), _LARGEST)
    total = decimal(sum(folder.size for folder in found.runs))
    return f"{len(found.runs)} runs, {total}; shown: {shown}, the largest first"


def _run(folder: Folder) -> list[tables.Cell]:
    run_id = folder.name.removeprefix(health.RUNS)
    return _folder(tables.link(run_id, execution_path(run_id)), folder)


def _folder(name: tables.Cell, folder: Folder) -> list[tables.Cell]:
    return [name, decimal(folder.size), f"{folder.objects:,}", moment(folder.written)]


def _title(text: str) -> None:
    ui.label(text).classes("text-base font-semibold").props("role=heading aria-level=2")
