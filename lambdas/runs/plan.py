"""``run.json``, what an execution will do: the first one that writes it has the run's folder."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lambdas.boundary.s3_objects import error_code, put_json
from lambdas.errors import RunIdTakenError
from lambdas.runs import files

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Step Functions takes a name again 90 days after its end, so the ARN alone tells too little. That a
# redriven execution keeps its StartTime is believed, not known.
# https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
OWNER = ("execution_arn", "started_at")
# What the steps of a run put into its folder, each into its own.
FOLDERS = ("source_data", "preprocessing", "training", "evaluation", "champion")
# Checkpoints have a prefix of their own: a training replaces them all the time, and the bucket
# forgets those versions sooner than others.
CHECKPOINTS = "checkpoints/"


def check_owner(s3: "S3Client", plan: Mapping[str, Any]) -> None:
    """Raise RunIdTakenError where another execution has written the run's plan.

    ``plan`` holds at least ``execution_arn``, ``started_at`` and ``paths``.
    """
    uri = _uri(plan)
    try:
        found = files.read(s3, uri)
    except ValueError as error:
        raise RunIdTakenError(f"{error}; start again under another name") from error
    if found is None or [found.get(key) for key in OWNER] == [plan[key] for key in OWNER]:
        return
    raise RunIdTakenError(
        f"{uri}: found the plan of {found.get('execution_arn')!r}, started at "
        f"{found.get('started_at')!r}, expected none or that of {plan['execution_arn']!r}, started "
        f"at {plan['started_at']!r}; start again under another name"
    )


def write(s3: "S3Client", plan: Mapping[str, Any]) -> None:
    """Write the plan to ``run.json`` of its run; a repeated call of the same execution replaces it.

    Raises RunIdTakenError, and writes nothing, where another execution's plan is there.
    """
    try:
        put_json(s3, _uri(plan), plan, IfNoneMatch="*")
    except ClientError as error:
        if error_code(error) != "PreconditionFailed":
            raise
        check_owner(s3, plan)
        put_json(s3, _uri(plan), plan)


def _uri(plan: Mapping[str, Any]) -> str:
    return f"{plan['paths']['run']}/run.json"
