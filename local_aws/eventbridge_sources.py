"""Events that Step Functions and SageMaker emit.

https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html
"""

import json
from datetime import UTC, datetime
from typing import Any

from moto.sagemaker.models import ModelPackage, SageMakerModelBackend
from moto.stepfunctions.parser.api import ExecutionStatus, StateMachineType
from moto.stepfunctions.parser.backend.execution import Execution

from local_aws import stepfunctions_executions
from local_aws.eventbridge import emit
from local_aws.sagemaker_job import Job
from local_aws.sagemaker_processing_jobs import ProcessingJob
from local_aws.sagemaker_training_jobs import TrainingJob
from local_aws.wrapping import Original, wrap

_MAX_PAYLOAD_BYTES = 248 * 1024
_UNDER_WAY = ("InProgress", "Stopping")
_UPDATABLE = ("ModelApprovalStatus", "ApprovalDescription", "CustomerMetadataProperties")


def install() -> None:
    """Have executions, model packages and jobs tell EventBridge of their changes."""
    stepfunctions_executions.status_observers.append(execution_changed)
    wrap(SageMakerModelBackend, "create_model_package", _tell_of_creation)
    wrap(SageMakerModelBackend, "update_model_package", _tell_of_update)
    wrap(Job, "start", _tell_and_start)
    wrap(Job, "_end", _end_and_tell)
    wrap(TrainingJob, "_move_to", _move_and_tell)
    wrap(ProcessingJob, "_status_changed", _tell_of_stopping)


def execution_changed(execution: Execution) -> None:
    """Emit a standard execution's new status; AWS tells of no express ones."""
    if execution.sm_type == StateMachineType.EXPRESS:
        return
    emit(
        "aws.states",
        "Step Functions Execution Status Change",
        execution_detail(execution),
        resources=[execution.exec_arn],
        account=execution.account_id,
        region=execution.region_name,
    )


def execution_detail(execution: Any) -> dict[str, Any]:
    """Return DescribeExecution's facts, with times in milliseconds.

    Input and output that do not fit into an event are left out, and their details say so.
    """
    status, given = execution.exec_status, _json(execution.input_data)
    output = _json(execution.output) if status == ExecutionStatus.SUCCEEDED else None
    output_fits = _size(output) <= _MAX_PAYLOAD_BYTES
    input_fits = _size(given) + _size(output) <= _MAX_PAYLOAD_BYTES
    return {
        "executionArn": execution.exec_arn,
        "stateMachineArn": execution.state_machine.arn,
        "stateMachineVersionArn": None,
        "stateMachineAliasArn": None,
        "name": execution.name,
        "status": str(status.value),
        "startDate": _milliseconds(execution.start_date),
        "stopDate": _milliseconds(execution.stop_date),
        "input": given if input_fits else None,
        "inputDetails": {"included": input_fits},
        "output": output if output_fits else None,
        "outputDetails": None if output is None else {"included": output_fits},
        "error": execution.error,
        "cause": execution.cause,
        "redriveCount": getattr(execution, "redrive_count", 0),
        "redriveDate": _milliseconds(getattr(execution, "redrive_date", None)),
    }


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
    _, _, _, region, account, *_ = package.arn.split(":")
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
    _, _, _, region, account, *_ = job.arn.split(":")
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


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _size(text: str | None) -> int:
    """Return the bytes that the text takes inside of an event."""
    return len(json.dumps(text, ensure_ascii=False).encode()) if text is not None else 0


def _milliseconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1000)


def _iso(moment: datetime) -> str:
    return moment.replace(tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")  # moto's are UTC, unmarked
