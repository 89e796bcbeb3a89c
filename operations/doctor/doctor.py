"""`retrain doctor`: what stands in the way of a deployment or of a run, before it costs money.

Nothing is created or changed: AWS is asked to describe, get, list, validate and simulate only.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lambdas.boundary.bucket_owner import of_account
from operations.doctor import account as doctor_account
from operations.doctor import data as doctor_data
from operations.doctor import machine, run, tracking
from operations.doctor import permissions as doctor_permissions
from operations.doctor import quotas as doctor_quotas
from operations.doctor.account import Account, OpenSession, patient_session
from operations.doctor.findings import Finding, has_problems, not_asked, warning
from operations.project import project_of
from state_machine.config import PipelineConfig


@dataclass(frozen=True)
class Patient:
    """What is examined: the project, its stage, and the credentials of whoever asks.

    `data` is a folder that is to be uploaded, if there is one. `refusal()` says why this machine
    makes no containers, "" if it does, and what would help.
    """

    config_path: Path
    stage: str
    data: Path | None = None
    open_session: OpenSession = patient_session
    refusal: Callable[[], tuple[str, str]] | None = None

    @property
    def project(self) -> Path:
        """The project's folder."""
        return project_of(self.config_path)


def examine(patient: Patient) -> Iterator[Finding]:
    """Make every check that can be made, in the order in which they matter. Never raises."""
    yield from _of_machine(patient.project)
    if patient.refusal is not None:
        yield from _run("containers", "", machine.containers, patient.refusal)
    config, found = machine.configuration(patient.config_path)
    yield from found
    if config is not None:
        yield from _run("instance types", "", run.instance_types, config)
        if patient.data is not None:
            required = config.data.required_files
            yield from _run(
                doctor_data.TO_UPLOAD, "", doctor_data.in_folder, patient.data, required
            )
    name, path = ("unknown", "/") if config is None else (config.name, config.account.role_path)
    account, found = doctor_account.examine(patient.open_session, name, patient.stage, path)
    yield from found
    if config is None or account is None:
        yield _skipped(config, account)
    else:
        yield from _of_account(config, account)


def as_json(findings: list[Finding]) -> dict[str, Any]:
    """The findings for programs; `ok` if none of them is a problem."""
    return {
        "ok": not has_problems(findings),
        "findings": [finding.as_json() for finding in findings],
    }


def _of_machine(project: Path) -> Iterator[Finding]:
    yield from _run("Python", "", machine.python, project)
    yield from _run("platform", "", machine.platform, project)
    yield from _run("packages", "", machine.packages, project)
    yield from _run("disk", "", machine.disk, project)


def _of_account(config: PipelineConfig, account: Account) -> Iterator[Finding]:
    names, quotas = account.names, account.client("service-quotas")
    s3 = of_account(account.client("s3"), names.account)
    group = names.model_package_group(config.registry.model_package_group)
    for name, permissions, check, arguments in (
        ("stage", "", doctor_account.stage_name, (names, group)),
        (
            "permissions",
            doctor_permissions.PERMISSIONS,
            doctor_permissions.deployment,
            (account, group, config.account),
        ),
        (
            "quotas of SageMaker",
            doctor_quotas.PERMISSIONS,
            doctor_quotas.sagemaker_quotas,
            (config, names.region, quotas),
        ),
        (
            "quota of Lambda",
            doctor_quotas.PERMISSIONS,
            doctor_quotas.concurrency,
            (config, names.region, quotas),
        ),
        ("images", "", run.images, (config, names.region)),
        (
            "definition",
            "states:ValidateStateMachineDefinition",
            run.definition,
            (config, names, account.client("stepfunctions")),
        ),
        ("cost of a run", "", run.most_expensive_run, (config, names.region)),
        ("network", "", doctor_account.network, (config.account,)),
        ("key", "kms:DescribeKey", doctor_account.key, (config.account, account)),
        ("bucket", "s3:ListBucket", doctor_account.bucket, (names, s3)),
        (doctor_data.UPLOADED, doctor_data.PERMISSIONS, doctor_data.in_bucket, (config, names, s3)),
        ("MLflow", tracking.PERMISSIONS, tracking.tracking, (config, account)),
    ):
        yield from _run(name, permissions, check, *arguments)


def _skipped(config: PipelineConfig | None, account: Account | None) -> Finding:
    missing = [
        *([] if config is not None else ["a valid pipeline.toml"]),
        *([] if account is not None else ["credentials and a region"]),
    ]
    found = "permissions, quotas, bucket and data were not looked at"
    return warning("account", found, f"first {' and '.join(missing)}, then `retrain doctor` again")


def _run(
    name: str, permissions: str, check: Callable[..., Finding | list[Finding]], *arguments: Any
) -> list[Finding]:
    """Make a check; what keeps it from being made is a finding too."""
    try:
        found = check(*arguments)
    except Exception as error:
        return [not_asked(name, error, permissions)]
    return found if isinstance(found, list) else [found]
