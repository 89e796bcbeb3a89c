"""ApproveModel, the state after RegisterModel: approves a version by rule.

The champion has to be still the one that the version was measured against.
It is part of the state machine only where ``[registry.auto_approve]`` is enabled. Every version is
registered as PendingManualApproval; nothing else of the pipeline approves one.
"""

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lambdas.boundary.transient import naming_transient_errors
from lambdas.report.decision import write_decision
from lambdas.runs.approval import approve

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient

log = logging.getLogger(__name__)


@naming_transient_errors
def approve_model(
    event: Mapping[str, Any], *, s3: "S3Client", sagemaker: "SageMakerClient"
) -> dict[str, Any]:
    """Approve the run's version if its rules hold and its champion is still the champion.

    ``event`` is that of CheckMetrics; its ``run`` has the ``quality_gate`` and the ``registration``
    as well. Returns the run's ``quality_gate``. If the version is not approved, that names the
    status that the version has and, in ``auto_approve``, why; decision.json and report.html are
    written again. Repeating the call is harmless.

    Errors of S3 and of the registry are raised, those that may pass as ThrottlingError, so that
    the state is tried again.
    """
    run = event["run"]
    answer: dict[str, Any] = run["quality_gate"]
    rules = answer["auto_approve"]
    if not (rules and rules["approved"]):
        return answer
    arn = run["registration"]["model_package_arn"]
    group = run["model_package_group"]
    approval = approve(sagemaker, arn, group, run["champion"], rules["reason"])
    log.info("approval", extra={"model_package_arn": arn, "status": approval.status})
    if approval.by_rule:
        return answer
    answer = answer | {
        "approval_status": approval.status,
        "auto_approve": rules | {"approved": False, "reason": approval.reason},
    }
    write_decision(s3, event, answer)
    return answer
