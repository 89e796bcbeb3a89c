"""CheckMetrics, the state before the choice: applies the gate and writes the decision down.

A run that reproduces another is not judged by the gate but held against its original.
"""

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lambdas.boundary.transient import naming_transient_errors
from lambdas.errors import InvalidEvaluationError
from lambdas.gate.evaluation import read_evaluation
from lambdas.gate.gate import Decision, decide, reject
from lambdas.report import cost
from lambdas.report.decision import write_decision
from lambdas.report.metadata import customer_metadata, description
from lambdas.reproduction import comparison
from lambdas.runs import files

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

log = logging.getLogger(__name__)


@naming_transient_errors
def check_metrics(event: Mapping[str, Any], *, s3: "S3Client") -> dict[str, Any]:
    """Return the decision on the run's model with the run's cost, and write it down.

    Writes ``decision.json`` and ``report.html`` to ``runs/<run_id>/``.

    ``event`` holds the ``run`` as PrepareRun returned it, ``evaluation_s3_uri``, and the settings
    ``gate`` and ``auto_approve``. An evaluation that is missing or malformed is a reject; of a run
    that ``reproduces`` another, and of that other, it makes the two differ. Errors of S3 are
    raised, those that may pass as ThrottlingError, so that the state is tried again.
    """
    run = event["run"]
    decision = _compared(event, s3) if run.get("reproduces") else _decision(event, s3)
    answer = decision.as_state() | {
        "cost": cost.estimate(run),
        "customer_metadata": customer_metadata(run, decision),
        "description": description(run),
    }
    write_decision(s3, event, answer)
    log.info("decided", extra={"run_id": run["run_id"], **decision.as_state()})
    return answer


def _decision(event: Mapping[str, Any], s3: "S3Client") -> Decision:
    try:
        evaluation = read_evaluation(s3, event["evaluation_s3_uri"])
    except InvalidEvaluationError as error:
        return reject(str(error))
    champion_arn = event["run"]["champion"]["model_package_arn"]
    return decide(evaluation, event.get("gate"), champion_arn, event.get("auto_approve"))


def _compared(event: Mapping[str, Any], s3: "S3Client") -> Decision:
    run = event["run"]
    runs = run["paths"]["run"].rpartition("/")[0]
    original = f"{runs}/{run['reproduces']}{files.EVALUATION}"
    try:
        found, before = (read_evaluation(s3, uri) for uri in (event["evaluation_s3_uri"], original))
    except InvalidEvaluationError as error:
        return comparison.differs(str(error))
    return comparison.compare(found, before, run["reproduces"])
