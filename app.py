"""Chalice bindings: which Lambda runs which handler, with which clients.

Everything that decides something is in ``lambdas/``. Clients are built by the first call that
needs them; the bucket's name is the one setting read at import, because Chalice needs it there.
"""

import functools
import os
from typing import Any

import boto3
from botocore.config import Config
from chalice import Chalice
from chalice.app import S3Event

from lambdas.check_metrics import check_metrics as check_metrics_
from lambdas.logs import start_logging
from lambdas.on_upload import on_upload as on_upload_
from lambdas.prepare_run import prepare_run as prepare_run_
from lambdas.settings import Settings
from lambdas.start_retraining import start_retraining as start_retraining_

app = Chalice(app_name="retrain", configure_logs=False)


@functools.cache
def client(service: str) -> Any:
    """Return the one client of that AWS service in this process."""
    patience = Config(connect_timeout=5, retries={"mode": "standard", "max_attempts": 5})
    return boto3.client(service, config=patience)  # type: ignore[call-overload]


class UploadEvent(S3Event):
    """Chalice's own reads the first record while it is built; ``s3:TestEvent`` has none."""

    def _extract_attributes(self, event_dict: dict[str, Any]) -> None:
        """Leave the records to the handler."""


@app.on_s3_event(
    bucket=os.environ["RETRAIN_BUCKET"],
    events=["s3:ObjectCreated:*"],
    prefix="raw_data/",
    name="on_upload",
)
def on_upload(event: S3Event) -> list[dict[str, Any]]:
    """Start an execution for every complete data set among the uploaded objects."""
    start_logging(event.context)
    return on_upload_(
        event.to_dict(),
        settings=Settings.from_environment(os.environ),
        s3=client("s3"),
        stepfunctions=client("stepfunctions"),
    )


on_upload.event_class = UploadEvent


@app.lambda_function(name="start_retraining")
def start_retraining(event: object, context: Any) -> dict[str, Any]:
    """Start an execution by hand; the payload is an execution input."""
    start_logging(context)
    return start_retraining_(
        event,
        request_id=context.aws_request_id,
        settings=Settings.from_environment(os.environ),
        s3=client("s3"),
        stepfunctions=client("stepfunctions"),
    )


@app.lambda_function(name="prepare_run")
def prepare_run(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """PrepareRun, the first state of an execution."""
    start_logging(context)
    return prepare_run_(event, s3=client("s3"), sagemaker=client("sagemaker"))


@app.lambda_function(name="check_metrics")
def check_metrics(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """CheckMetrics, the state before the choice."""
    start_logging(context)
    return check_metrics_(event, s3=client("s3"))
