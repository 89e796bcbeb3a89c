"""The part of the start page that takes a data set."""

from collections.abc import Sequence

from nicegui import events, run, ui

from console.account import READ_ONLY, Account
from console.pages.parts import asking
from console.pages.parts.layout import badge
from console.pages.parts.links import execution_path
from console.pages.parts.live import Live, anew
from console.pages.start.drop_zone import DropZone
from console.problems import in_words
from console.starting import uploads
from console.starting.deployed import Defaults
from console.starting.uploads import Started
from lambdas.data_sets.data_sets import DataSet, DataSets
from operations.executions import observer
from state_machine.names import DATASET_PREFIX


class Upload:
    """A name, a place to drop files, and what became of them."""

    def __init__(self, account: Account, defaults: Defaults) -> None:
        self._account = account
        self._defaults = defaults
        self._known: set[str] = set()
        self._live: Live | None = None
        with ui.card().classes("w-full gap-4"):
            ui.label("Upload a data set").classes("text-lg font-semibold").props(
                "role=heading aria-level=2"
            )
            ui.label(
                f"It starts an execution when it is complete: {', '.join(defaults.required_files)},"
                " or what its manifest.json lists."
            ).classes("soft text-sm wrap")
            self._name = ui.input(
                "Name of the data set", validation=lambda name: uploads.name_problem(name) or None
            ).without_auto_validation()
            self._name.classes("w-full").props(
                "hide-bottom-space hint='a dropped folder names it by itself'"
            )
            self._zone = DropZone(
                enabled=not account.read_only, on_chosen=self._chosen, on_sent=self._sent
            )
            if account.read_only:
                ui.label(READ_ONLY).classes("soft text-sm")
            self._said = ui.label().props("role=status").classes("wrap")
            self._started = ui.element("div").classes("w-full")

    async def _chosen(self, event: events.GenericEventArguments) -> None:
        """Check what was chosen, and note which executions there are before anything is sent."""
        self._stop()
        if not self._name.value:
            self._name.value = str(event.args.get("folder", ""))
        if not self._name.validate():
            self._zone.forget()
            self._said.text = "Nothing was uploaded: give the data set a name, and choose again."
            return
        problem = await asking.attempt(lambda: self._prepare(event.args.get("files")))
        self._said.text = problem or "Uploading ..."
        if problem:
            self._zone.forget()
        else:
            self._zone.send(self._name.value)

    def _prepare(self, chosen: object) -> None:
        uploads.check(self._name.value, uploads.chosen_of(chosen))
        machine = self._account.stage.names.state_machine_arn
        self._known = set(observer.executions(self._account.client("stepfunctions"), machine))

    async def _sent(self, event: events.GenericEventArguments) -> None:
        name = self._name.value
        try:
            found = await run.io_bound(self._find, name)
        except Exception as error:
            self._said.text = in_words(error)
            return
        if found is None:  # the console is being ended
            return
        if event.args.get("failed"):
            self._said.text = f"{event.args['failed']} failed: choose them again."
        elif found.incomplete:
            self._said.text = f"Uploaded; {name} is still incomplete: {found.incomplete}"
        else:
            self._said.text = f"Uploaded; {name} is complete."
            with self._started:
                self._live = Live(lambda: self._started_since(name), anew(_show))

    def _find(self, name: str) -> DataSet:
        bucket, required = self._account.stage.names.bucket, self._defaults.required_files
        return DataSets(self._account.client("s3"), bucket, DATASET_PREFIX, required).find(name)

    def _started_since(self, name: str) -> tuple[Started, ...]:
        states = self._account.client("stepfunctions")
        machine = self._account.stage.names.state_machine_arn
        return uploads.started(states, machine, name, self._known)

    def _stop(self) -> None:
        if self._live:
            self._live.stop()
        self._started.clear()


def _show(started: Sequence[Started]) -> None:
    if not started:
        with ui.row().classes("items-center gap-2"):
            ui.spinner()
            ui.label("Waiting for the execution that this starts ...")
    for execution in started:
        with ui.row().classes("items-center gap-3"):
            ui.link(execution.name, execution_path(execution.name)).classes("wrap")
            badge(execution.status)
