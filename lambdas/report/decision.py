"""Writing a decision down: decision.json for programs, report.html for people."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lambdas.boundary.s3_objects import put_json
from lambdas.report.report import write_report

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def write_decision(s3: "S3Client", event: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
    """Write ``decision.json`` and ``report.html`` of a run; what stood there is replaced.

    ``event`` holds the ``run``, its ``evaluation_s3_uri`` and the settings of the ``gate``;
    ``answer`` is the decision as the run's state has it. Errors of S3 are raised.
    """
    run = event["run"]
    about: dict[str, Any] = {
        "run_id": run["run_id"],
        "reproduces": run.get("reproduces"),
        "evaluation_s3_uri": event["evaluation_s3_uri"],
        "gate": event.get("gate"),
    }
    put_json(s3, run["paths"]["decision"], {**about, **answer})
    write_report(s3, run, answer)
