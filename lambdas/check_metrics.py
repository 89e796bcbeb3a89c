"""CheckMetrics, the state before the choice: applies the gate and writes the decision down."""

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lambdas.errors import InvalidEvaluationError
from lambdas.evaluation import read_evaluation
from lambdas.gate import Decision, decide, reject
from lambdas.metadata import customer_metadata
from lambdas.s3_objects import put_json
from lambdas.transient import naming_transient_errors

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

log = logging.getLogger(__name__)


@naming_transient_errors
def check_metrics(event: Mapping[str, Any], *, s3: "S3Client") -> dict[str, Any]:
    """Return the decision on the run's model, and write it to ``runs/<run_id>/decision.json``.

    ``event`` holds the ``run`` as PrepareRun returned it, ``evaluation_s3_uri`` and the ``gate``
    settings. An evaluation that is missing or malformed is a reject. Errors of S3 are raised, those
    that may pass as ThrottlingError, so that the state is tried again.
    """
    run, uri = event["run"], event["evaluation_s3_uri"]
    decision = _decision(event, s3)
    answer = decision.as_state() | {"customer_metadata": customer_metadata(run, decision)}
    about = {"run_id": run["run_id"], "evaluation_s3_uri": uri, "gate": event.get("gate")}
    put_json(s3, run["paths"]["decision"], about | answer)
    log.info("decided", extra={"run_id": run["run_id"], **decision.as_state()})
    return answer


def _decision(event: Mapping[str, Any], s3: "S3Client") -> Decision:
    try:
        evaluation = read_evaluation(s3, event["evaluation_s3_uri"])
    except InvalidEvaluationError as error:
        return reject(str(error))
    return decide(evaluation, event.get("gate"), event["run"]["champion"]["model_package_arn"])
