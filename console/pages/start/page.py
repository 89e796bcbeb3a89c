"""The page on which executions are started: by a form, or by the upload of a data set."""

import functools

from fastapi import Request, Response
from fastapi.responses import PlainTextResponse
from nicegui import app, run, ui
from rich.filesize import decimal
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from console.account import Account, ReadOnlyError
from console.actions import Actions
from console.pages.parts import asking
from console.pages.parts.layout import frame
from console.pages.parts.links import execution_path
from console.pages.start.upload import Upload
from console.problems import in_words
from console.starting import deployed, form, uploads
from console.starting.data_sets import Offer, offers
from console.starting.deployed import Defaults
from console.starting.form import Field, Group
from console.times import moment
from lambdas.data_sets.data_sets import DataSets
from operations.errors import InputError
from operations.executions.start import Answer
from state_machine.names import DATASET_PREFIX

NEWEST = ""  # of the select: no data set is named, and the Lambda takes the newest complete one
_IN_A_ROW = 3


def register(account: Account) -> None:
    """Serve `/start`, and take uploads at `/uploads/<data set>/<file>`."""
    actions = Actions(account)

    @ui.page("/start")
    async def page() -> None:
        with frame(account, "Start"):
            content = ui.element("div").classes("grid grid-cols-1 lg:grid-cols-2 gap-4 items-start")
        try:
            found = await run.io_bound(_read, account)
        except Exception as error:
            with content:
                ui.label(in_words(error)).props("role=alert").classes("text-negative wrap")
            return
        if found is None:  # the console is being ended
            return
        with content:
            _Form(account, *found)
            Upload(account, found[0])

    @app.put("/uploads/{dataset}/{file}")
    async def upload(dataset: str, file: str, request: Request) -> Response:
        try:
            actions.check()
            uploads.check_names(dataset, file)
            announced = int(request.headers.get("content-length", "-1"))
            spooled = await uploads.spool(request.stream(), announced, file)
            try:
                await run_in_threadpool(actions.upload, dataset, file, spooled)
            finally:
                spooled.close()
        except ReadOnlyError as error:
            return PlainTextResponse(str(error), 403)
        except (InputError, ValueError, ClientDisconnect) as error:
            return PlainTextResponse(str(error), 400)
        except Exception as error:
            return PlainTextResponse(in_words(error), 502)
        return PlainTextResponse("done")


def _read(account: Account) -> tuple[Defaults, list[Offer]]:
    names = account.stage.names
    found = deployed.defaults(account.client("stepfunctions"), names.state_machine_arn)
    s3 = account.client("s3")
    return found, offers(DataSets(s3, names.bucket, DATASET_PREFIX, found.required_files))


class _Form:
    """The form and what becomes of it."""

    def __init__(self, account: Account, defaults: Defaults, offered: list[Offer]) -> None:
        self._actions = Actions(account)
        self._defaults = defaults
        self._groups = form.groups(defaults)
        self._fields = [field for group in self._groups for field in group.fields]
        self._controls: dict[form.Path, ui.input | ui.checkbox] = {}
        with ui.card().classes("w-full gap-4"):
            _title("Start an execution")
            self._dataset = _data_sets(offered)
            for group in self._groups:
                self._group(group)
            self._said = ui.element("div").props("role=status").classes("wrap")
            self._button = asking.button(account, "Start", "play_arrow", self._start)

    def _group(self, group: Group) -> None:
        if not group.title:
            for field in group.fields:
                self._controls[field.path] = self._control(field)
            return
        columns = "sm:grid-cols-2" if len(group.fields) > _IN_A_ROW else "sm:grid-cols-3"
        with ui.element("fieldset").classes("w-full p-0"):
            with ui.element("legend").classes("font-medium p-0"):
                ui.label(group.title)
            with ui.element("div").classes(f"grid grid-cols-1 {columns} gap-x-4 gap-y-2 w-full"):
                for field in group.fields:
                    self._controls[field.path] = self._control(field)

    def _control(self, field: Field) -> ui.input | ui.checkbox:
        if field.kind == "boolean":
            with ui.element("div"):
                box = ui.checkbox(field.title, value=bool(field.default)).props("dense")
                about = field.description.rsplit(": ", 1)[-1].removeprefix("true or false; ")
                ui.label(about).classes("soft text-sm ml-7")
            return box
        check = functools.partial(form.problem_of, field, self._defaults)
        made = ui.input(field.title, value=field.text, validation=check).classes("w-full")
        made.props("hide-bottom-space")  # what is wrong may take several lines
        made.props["hint"] = "" if field.default == "" else f"deployed: {field.text}"
        if field.kind in ("integer", "number"):
            made.props["inputmode"] = "decimal"
        return made

    async def _start(self) -> None:
        typed = {path: control.value for path, control in self._controls.items()}
        dataset = str(self._dataset.value or NEWEST)
        asked = form.execution_input(self._fields, typed, dataset)
        problems = form.problems(asked, self._fields, self._defaults)
        for path, control in self._controls.items():
            if isinstance(control, ui.input):
                control.error = problems.get(path)
        if problems:
            self._say("Nothing was asked for: mend what is marked.", problems.get((), ""))
            return
        self._say("Asking start_retraining ...")
        self._button.disable()
        answers: list[Answer] = []
        problem = await asking.attempt(lambda: answers.append(self._actions.start(asked)))
        self._button.enable()
        if problem:
            self._say(problem)
        elif answers[0].started:
            ui.navigate.to(execution_path(answers[0].name))
        else:
            self._say(f"Nothing started: {answers[0].message}")
            with self._said:
                ui.link("That execution", execution_path(answers[0].name))

    def _say(self, *lines: str) -> None:
        self._said.clear()
        with self._said:
            for line in filter(None, lines):
                ui.label(line).classes("wrap")


def _data_sets(offered: list[Offer]) -> ui.select:
    newest = next((offer.name for offer in offered if offer.complete), None)
    options = {NEWEST: f"The newest complete one ({newest or 'there is none yet'})"}
    options |= {offer.name: _about(offer) for offer in offered}
    return ui.select(options, label="Data set", value=NEWEST).classes("w-full")


def _about(offer: Offer) -> str:
    state = f"incomplete: {offer.incomplete}" if offer.incomplete else "complete"
    return f"{offer.name} · {moment(offer.written)} · {decimal(offer.size)} · {state}"


def _title(text: str) -> None:
    ui.label(text).classes("text-lg font-semibold").props("role=heading aria-level=2")
