"""Events that SageMaker emits.

https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html
"""

import json
from datetime import UTC, datetime
from typing import Any

from moto.sagemaker.models import ModelPackage, SageMakerModelBackend

from local_aws.arns import account_and_region
from local_aws.events.bus import emit
from local_aws.sagemaker.job import Job
from local_aws.sagemaker.processing_job import ProcessingJob
from local_aws.sagemaker.training_job import TrainingJob
from local_aws.wrapping import Original, wrap

_UNDER_WAY = ("InProgress", "Stopping")
_UPDATABLE = ("ModelApprovalStatus", "ApprovalDescription", "CustomerMetadataProperties")


def install() -> None:
    """Have model packages and jobs tell EventBridge of their changes."""
    wrap(SageMakerModelBackend, "create_model_package", _tell_of_creation)
    wrap(SageMakerModelBackend, "update_model_package", _tell_of_update)
    wrap(Job, "start", _tell_and_start)
    wrap(Job, "_end", _end_and_tell)
    wrap(TrainingJob, "_move_to", _move_and_tell)
    wrap(ProcessingJob, "_status_changed", _tell_of_stopping)


def _tell_of_creation(original: Original, backend: SageMakerModelBackend, **request: Any) -> str:
    """A package that a repeated ClientToken names is not news."""
    known = {package.arn for package in list(backend.model_packages.values())}
    arn: str = original(backend, **request)
    if arn not in known:
        _emit_package(backend.describe_model_package(arn), [])
    return arn


def _tell_of_update(
    original: Original, backend: SageMakerModelBackend, *named: Any, **changes: Any
) -> str:
    arn = named[0] if named else changes["model_package_arn"]
    before = backend.describe_model_package(arn).gen_response_object()
    updated: str = original(backend, *named, **changes)
    package = backend.describe_model_package(arn)
    after = package.gen_response_object()
    fields = [name for name in _UPDATABLE if (before.get(name) or {}) != (after.get(name) or {})]
    _emit_package(package, fields)
    return updated


def _emit_package(package: ModelPackage, updated: list[str]) -> None:
    account, region = account_and_region(package.arn)
    detail = json.loads(json.dumps(package.gen_response_object(), default=_iso))
    emit(
        "aws.sagemaker",
        "SageMaker Model Package State Change",
        detail | ({"UpdatedModelPackageFields": updated} if updated else {}),
        resources=[package.arn],
        account=account,
        region=region,
    )


def _tell_and_start(original: Original, job: Job) -> None:
    _emit_job(job)
    original(job)


def _end_and_tell(original: Original, job: Job, *how: Any) -> None:
    original(job, *how)
    _emit_job(job)


def _move_and_tell(original: Original, job: TrainingJob, secondary_status: str) -> None:
    """Tell of what lies between its creation and its end, which are told of by themselves."""
    original(job, secondary_status)
    transitions = job.describe()["SecondaryStatusTransitions"]
    if len(transitions) > 1 and job.status in _UNDER_WAY:
        _emit_job(job)


def _tell_of_stopping(original: Original, job: ProcessingJob) -> None:
    original(job)
    if job.status == "Stopping":
        _emit_job(job)


def _emit_job(job: Job) -> None:
    account, region = account_and_region(job.arn)
    detail = json.loads(json.dumps(job.describe(), default=_milliseconds))
    kind = "Training" if isinstance(job, TrainingJob) else "Processing"
    emit(
        "aws.sagemaker",
        f"SageMaker {kind} Job State Change",
        detail | {"Tags": {tag["Key"]: tag["Value"] for tag in job.tags}},
        resources=[job.arn],
        account=account,
        region=region,
    )


def _milliseconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1000)


def _iso(moment: datetime) -> str:
    return moment.replace(tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")  # moto's are UTC, unmarked
