"""Chalice bindings: which Lambda runs which handler, with which clients.

Everything that decides something is in ``lambdas/``. Clients are built by the first call that
needs them; the settings read at import are what invokes a Lambda, because Chalice needs it there.
"""

import functools
import os
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.config import Config
from chalice import Chalice
from chalice.app import CloudWatchEvent, S3Event, SNSEvent

from lambdas.announce import announce as announce_
from lambdas.announce import pattern as unsuccessful_executions
from lambdas.announce_approval import announce_approval as announce_approval_
from lambdas.announce_approval import pattern as changed_models
from lambdas.approve_model import approve_model as approve_model_
from lambdas.boundary.bucket_owner import of_account
from lambdas.check_metrics import check_metrics as check_metrics_
from lambdas.data_sets.copies import AT_ONCE
from lambdas.logs import start_logging
from lambdas.on_request import on_request as on_request_
from lambdas.on_schedule import on_schedule as on_schedule_
from lambdas.on_upload import EVENTS as UPLOADS
from lambdas.on_upload import on_upload as on_upload_
from lambdas.prepare_run import prepare_run as prepare_run_
from lambdas.settings import Settings
from lambdas.start_retraining import start_retraining as start_retraining_
from lambdas.take_turn import take_turn as take_turn_

app = Chalice(app_name="retrain", configure_logs=False)


@functools.cache
def client(service: str, region: str | None = None) -> Any:
    """Return the one client of that AWS service in this process, for buckets of this account.

    It calls the function's own region unless it is given another.
    """
    patience = Config(
        connect_timeout=5,
        retries={"mode": "standard", "max_attempts": 5},
        max_pool_connections=AT_ONCE,
    )
    account = os.environ["RETRAIN_STATE_MACHINE_ARN"].split(":")[4]
    made = boto3.client(service, region_name=region, config=patience)  # type: ignore[call-overload]
    return of_account(made, account)


class UploadEvent(S3Event):
    """Chalice's own reads the first record while it is built; ``s3:TestEvent`` has none."""

    def _extract_attributes(self, event_dict: dict[str, Any]) -> None:
        """Leave the records to the handler."""


@app.on_s3_event(
    bucket=os.environ["RETRAIN_BUCKET"],
    events=UPLOADS,
    prefix=os.environ["RETRAIN_DATASET_PREFIX"],
    name="on_upload",
)
def on_upload(event: S3Event) -> list[dict[str, Any]] | dict[str, Any]:
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
    return _start(event, context.aws_request_id)


@app.on_sns_message(topic=os.environ["RETRAIN_REQUESTS_TOPIC_ARN"], name="on_request")
def on_request(event: SNSEvent) -> list[dict[str, Any]]:
    """Start an execution because an alarm, or whoever publishes to the topic, asks for one."""
    start_logging(event.context)
    return on_request_(event.to_dict(), start=_start)


if schedule := os.environ.get("RETRAIN_SCHEDULE"):

    @app.schedule(schedule, name="on_schedule")
    def on_schedule(event: CloudWatchEvent) -> dict[str, Any]:
        """Start an execution on the newest data set because it is time."""
        start_logging(event.context)
        return on_schedule_(event.to_dict(), start=_start)


def _start(payload: object, request_id: str) -> dict[str, Any]:
    return start_retraining_(
        payload,
        request_id=request_id,
        settings=Settings.from_environment(os.environ),
        s3=client("s3"),
        stepfunctions=client("stepfunctions"),
    )


@app.lambda_function(name="take_turn")
def take_turn(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """TakeTurn, the first state of an execution."""
    start_logging(context)
    return take_turn_(
        event, now=datetime.now(UTC), s3=client("s3"), stepfunctions=client("stepfunctions")
    )


@app.lambda_function(name="prepare_run")
def prepare_run(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """PrepareRun, the first state of an execution that has its turn."""
    start_logging(context)
    return prepare_run_(
        event,
        s3=client("s3"),
        sagemaker=client("sagemaker"),
        ecr=lambda region: client("ecr", region),
        seconds_left=lambda: context.get_remaining_time_in_millis() / 1000,
    )


@app.lambda_function(name="check_metrics")
def check_metrics(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """CheckMetrics, the state before the choice."""
    start_logging(context)
    return check_metrics_(event, s3=client("s3"))


@app.lambda_function(name="approve_model")
def approve_model(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """ApproveModel, the state after the registration where rules may approve."""
    start_logging(context)
    return approve_model_(event, s3=client("s3"), sagemaker=client("sagemaker"))


@app.on_cw_event(unsuccessful_executions(os.environ["RETRAIN_STATE_MACHINE_ARN"]), name="announce")
def announce(event: CloudWatchEvent) -> dict[str, Any]:
    """Announce an execution that ended without success."""
    start_logging(event.context)
    return announce_(
        event.to_dict(),
        topic_arn=os.environ["RETRAIN_ANNOUNCEMENTS_TOPIC_ARN"],
        bucket=os.environ["RETRAIN_BUCKET"],
        stage=os.environ["RETRAIN_STAGE"],
        sns=client("sns"),
        stepfunctions=client("stepfunctions"),
    )


@app.on_cw_event(
    changed_models(os.environ["RETRAIN_MODEL_PACKAGE_GROUP"]), name="announce_approval"
)
def announce_approval(event: CloudWatchEvent) -> dict[str, Any]:
    """Announce a model that was registered, approved or rejected."""
    start_logging(event.context)
    return announce_approval_(
        event.to_dict(),
        topic_arn=os.environ["RETRAIN_ANNOUNCEMENTS_TOPIC_ARN"],
        sns=client("sns"),
        s3=client("s3"),
    )
