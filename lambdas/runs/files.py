"""The files of the run that a model package came from."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lambdas.boundary import strict_json
from lambdas.boundary.s3_objects import error_code, split_uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

EVALUATION = "/evaluation/evaluation.json"
LARGEST = 5 * 1024 * 1024  # bytes


def evaluation_uri(package: Mapping[str, Any]) -> str | None:
    """Return where the evaluation lies that a package was registered with, if it names one.

    ``package`` is an answer of DescribeModelPackage or the detail of an event.
    """
    quality = (package.get("ModelMetrics") or {}).get("ModelQuality") or {}
    uri: str | None = (quality.get("Statistics") or {}).get("S3Uri")
    return uri


def run_uri(package: Mapping[str, Any]) -> str | None:
    """Return ``s3://<bucket>/runs/<run_id>`` of a package; None where no run registered it."""
    uri = evaluation_uri(package)
    return uri.removesuffix(EVALUATION) if uri and uri.endswith(EVALUATION) else None


def report_uri(plan: Mapping[str, Any]) -> str:
    """Return where the report of a run lies; ``plan`` is what its run.json holds.

    Raises KeyError or ValueError where it does not say.
    """
    paths = plan["paths"]
    if not isinstance(paths, Mapping):
        raise ValueError("the paths of run.json are no object")
    return str(paths.get("report") or f"{paths['evaluation']}/report.html")


def read(s3: "S3Client", uri: str) -> dict[str, Any] | None:
    """Return the JSON object at the ``s3://`` URI; None where nothing is there.

    Raises ValueError in one line where something else is there, and other errors of S3.
    """
    bucket, key = split_uri(uri)
    try:
        body = s3.get_object(Bucket=bucket, Key=key)["Body"]
    except ClientError as error:
        if error_code(error) not in {"NoSuchKey", "NoSuchBucket"}:
            raise
        return None
    try:
        content = strict_json.read(body, LARGEST)
    except ValueError as error:
        raise ValueError(f"{uri} is {error}") from error
    if not isinstance(content, dict):
        raise ValueError(f"{uri} holds no JSON object")
    return content
