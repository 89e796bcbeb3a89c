"""One version of a model: why it is there, what made it, and what a person may do with it."""

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nicegui import ui
from rich.filesize import decimal

from console.account import Account
from console.actions import Actions
from console.models import registry as models
from console.models.registry import Detail as Found
from console.pages.models.versions import (
    UNKNOWN,
    ask_rollback,
    execution_link,
    status,
    value,
)
from console.pages.parts import asking, tables
from console.pages.parts.layout import show as show_look
from console.pages.parts.layout import warn
from console.pages.parts.links import execution_path
from console.pages.parts.live import Live
from console.status import Look
from console.times import moment
from lambdas.report.report import HELD
from operations.models import registry
from operations.models.version import JobRecord, ModelVersion
from operations.run_files.decision import Rule

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.literals import ModelApprovalStatusType

_RULE_LOOKS = {
    True: Look(HELD[True][1], "check_circle", "positive"),
    False: Look(HELD[False][1], "cancel", "negative"),
    None: Look(HELD[None][1], "remove_circle_outline", "muted"),
}


class Detail:
    """The page of one version; `live` reads it."""

    live: Live

    def __init__(self, account: Account) -> None:
        self._account = account
        self._actions = Actions(account)

    def show(self, found: Found) -> None:
        """Draw it."""
        model = found.model
        for problem in model.problems:
            warn(problem)
        self._head(found)
        with ui.element("div").classes("grid grid-cols-1 lg:grid-cols-2 gap-4"):
            _decision(model)
            _metrics(model)
            _settings("Hyperparameters", {**model.hyperparameters, **_split(model)})
            _lineage(model)
        _data(model)
        _jobs(model.jobs)

    def _head(self, found: Found) -> None:
        entry, champion = found.model.entry, found.registry.champion
        version = entry.version
        with ui.card().classes("w-full gap-3"):
            with ui.row().classes("items-center gap-4"):
                title = f"{version.group} version {version.number}"
                ui.label(title).classes("text-xl font-semibold wrap").props(
                    "role=heading aria-level=1"
                )
                status(version, champion)
            ui.label(entry.approval or f"Registered {moment(version.created)}").classes("wrap soft")
            with ui.row().classes("items-center gap-2"):
                self._decisions(found)
                if entry.model_uri:
                    target = f"/models/{version.number}/model.tar.gz"
                    with ui.link(target=target).props("download").classes("no-underline"):
                        ui.icon("download").props("aria-hidden=true")
                        ui.label("model.tar.gz").classes("inline underline")
                if champion is not None and champion.arn != version.arn:
                    ui.link(
                        f"Compare with the champion, version {champion.number}",
                        f"/models/compare?first={champion.number}&second={version.number}",
                    )

    def _decisions(self, found: Found) -> None:
        version = found.model.entry.version
        if version.status != registry.APPROVED:
            self._decision_button(found, registry.APPROVED, "Approve", "verified", "positive")
        if version.status != registry.REJECTED:
            self._decision_button(found, registry.REJECTED, "Reject", "block", "negative")
        for plan in models.rollbacks(found.registry):
            if plan.target.arn == version.arn:
                ask = functools.partial(ask_rollback, self._actions, plan, self.live.refresh)
                asking.button(self._account, "Roll back to this", "undo", ask, "secondary")

    def _decision_button(
        self, found: Found, to: "ModelApprovalStatusType", verb: str, icon: str, colour: str
    ) -> None:
        version = found.model.entry.version

        def ask() -> None:
            asking.decide(
                f"{verb} version {version.number}",
                models.consequences(found.registry, version, to),
                verb,
                lambda reason: self._actions.decide(version, to, reason),
                self.live.refresh,
            )

        asking.button(self._account, verb, icon, ask, colour)


def _decision(model: ModelVersion) -> None:
    decision = model.decision
    with ui.card().classes("w-full"):
        _title("Why the gate let it pass")
        known = [
            ("Decision", decision.decision or model.entry.decision or "unknown"),
            ("Reason", decision.reason or UNKNOWN),
        ]
        tables.facts(known)
        judged = (
            ("Rules of the gate", decision.rules),
            ("Automatic approval", decision.approval_rules),
        )
        for caption, found in judged:
            if found:
                tables.table(caption, ("Rule", "Found", "Held"), [_rule(rule) for rule in found])


def _rule(rule: Rule) -> list[tables.Cell]:
    return [rule.rule, rule.said or UNKNOWN, lambda: show_look(_RULE_LOOKS[rule.held])]


def _metrics(model: ModelVersion) -> None:
    with ui.card().classes("w-full"):
        _title("Metrics on the run's test images")
        tables.facts([(name, value(number)) for name, number in model.metrics.items()])


def _settings(title: str, settings: dict[str, Any]) -> None:
    with ui.card().classes("w-full"):
        _title(title)
        tables.facts([(name, value(setting)) for name, setting in settings.items()])


def _split(model: ModelVersion) -> dict[str, Any]:
    return {f"preprocessing {name}": found for name, found in model.preprocessing.items()}


def _lineage(model: ModelVersion) -> None:
    entry, code = model.entry, model.code
    known: list[tuple[str, tables.Cell | None]] = [
        ("Execution", execution_link(entry)),
        ("Report", _report_link(model)),
        *[
            (f"{step} reused from", tables.link(run, execution_path(run)))
            for step, run in model.reused.items()
        ],
        ("Code", code["archive"]),
        ("Code's digest", code["sha256"]),
        ("Run", entry.run_uri),
        ("Evaluation", entry.evaluation_uri),
        ("Model", entry.model_uri),
        ("ARN", entry.version.arn),
    ]
    with ui.card().classes("w-full"):
        _title("Where it comes from")
        tables.facts([(name, cell) for name, cell in known if cell])


def _report_link(model: ModelVersion) -> tables.Cell | None:
    if model.report_uri is None or model.entry.execution_arn is None:
        return None
    name = model.entry.execution_arn.rsplit(":", 1)[-1]
    target = f"{execution_path(name)}/report"
    return lambda: ui.link("The run's report", target, new_tab=True)


def _data(model: ModelVersion) -> None:
    data = model.dataset
    with ui.card().classes("w-full"):
        _title("Data")
        known = [("Data set", data.name), ("Fingerprint", data.fingerprint)]
        known.append(("The run's own copy", data.s3_uri))
        tables.facts([(name, found) for name, found in known if found])
        rows = [
            [f"s3://{file.bucket}/{file.key}", file.version_id, file.etag, decimal(file.size)]
            for file in model.files
        ]
        if rows:
            tables.table("Objects as uploaded", ("Object", "Version", "ETag", "Size"), rows)


def _jobs(jobs: Sequence[JobRecord]) -> None:
    if not jobs:
        return
    with ui.card().classes("w-full"):
        _title("Jobs")
        rows: list[list[tables.Cell]] = [
            [job.name, job.status, moment(job.created), _mono(job.log_command)] for job in jobs
        ]
        tables.table("Every attempt", ("Job", "Status", "Created", "Its log"), rows)


def _mono(text: str) -> tables.Cell:
    return lambda: ui.label(text).classes("mono text-xs wrap")


def _title(text: str) -> None:
    ui.label(text).classes("text-base font-semibold").props("role=heading aria-level=2")
