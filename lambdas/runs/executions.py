"""Names of executions, and starting each name once.

Step Functions keeps a name for 90 days, the ledger for ever: the name makes a start idempotent.
https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
"""

import hashlib
import json
import re
import unicodedata
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lambdas.boundary.s3_objects import error_code
from lambdas.data_sets.data_sets import DataSet
from lambdas.runs.input import Hyperparameter
from lambdas.runs.ledger import Ledger

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

LONGEST_NAME = 40  # leaves room for "-preprocess-<retry>-<redrive>" in a job name of 63
FINGERPRINT_DIGITS = 12
PLAIN_NAME = r"[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?"


@dataclass(frozen=True)
class Start:
    """What became of a start: ``message`` says in one line why nothing new was started.

    ``ended`` tells that the execution of that name is over already.
    """

    execution_arn: str
    started: bool
    message: str
    ended: bool = False


def execution_name(
    dataset: DataSet,
    hyperparameters: Mapping[str, Hyperparameter],
    request_id: str = "",
    *,
    instance_types: Mapping[str, str] | None = None,
) -> str:
    """Return the one name for training on these object versions with these settings.

    The fingerprint covers the keys, so two data sets never share a name, whatever their slugs.
    ``hyperparameters`` holds those that differ from the defaults, ``instance_types`` those asked
    for. ``request_id`` sets a deliberate second run apart.
    """
    identity = dataset.fingerprint[:FINGERPRINT_DIGITS]
    if hyperparameters or request_id or instance_types:
        # Names stay what they were before instance types could be asked for.
        settings = [hyperparameters, request_id, *([instance_types] if instance_types else [])]
        identity += "-" + _digest(json.dumps(settings, sort_keys=True))[:8]
    return f"{_slug(dataset.name, LONGEST_NAME - len(identity) - 1)}-{identity}"


def reproduction_name(original: str, request_id: str) -> str:
    """Return the name of an execution that reproduces the run with the id ``original``.

    No data set's execution has such a name: neither keeps the other away.
    """
    identity = f"repro-{_digest(request_id)[:8]}"
    return f"{_slug(original, LONGEST_NAME - len(identity) - 1)}-{identity}"


def run_id(execution_arn: str) -> str:
    """Return the run id of an execution: its name, shortened with a hash where it does not fit."""
    name = execution_arn.rsplit(":", 1)[-1]
    if len(name) <= LONGEST_NAME and re.fullmatch(PLAIN_NAME, name):
        return name
    identity = _digest(name)[:FINGERPRINT_DIGITS]
    return f"{_slug(name, LONGEST_NAME - len(identity) - 1)}-{identity}"


def start_once(
    stepfunctions: "SFNClient",
    ledger: Ledger,
    state_machine_arn: str,
    name: str,
    execution_input: Mapping[str, Any],
) -> Start:
    """Start the execution of that name unless there is or was one: running, ended, forgotten.

    StartExecution alone would not tell a new execution from a running one with the same input: it
    returns both alike. Of callers that start one name at once, the ledger tells which was first.
    Errors other than ExecutionAlreadyExists are raised; calling again is harmless.
    """
    arn = f"{state_machine_arn.replace(':stateMachine:', ':execution:')}:{name}"
    same = f"execution {name} of the same data and input"
    if status := _status(stepfunctions, arn):
        return Start(arn, False, f"{same} is {status}", ended=status != "RUNNING")
    if entered := ledger.entered_at(arn):
        return Start(arn, False, f"{same} was started on {entered:%Y-%m-%d}", ended=True)
    try:
        stepfunctions.start_execution(
            stateMachineArn=state_machine_arn, name=name, input=json.dumps(execution_input)
        )
    except ClientError as error:
        if error_code(error) != "ExecutionAlreadyExists":
            raise
        return Start(arn, False, f"{same} was started by another caller just now")
    if not ledger.enter(arn, execution_input, starter=str(uuid.uuid4())):
        return Start(arn, False, f"{same} was started by another caller just now")
    return Start(arn, True, f"execution {name} started")


def _status(stepfunctions: "SFNClient", execution_arn: str) -> str | None:
    try:
        return stepfunctions.describe_execution(executionArn=execution_arn)["status"]
    except ClientError as error:
        if error_code(error) != "ExecutionDoesNotExist":
            raise
        return None


def _slug(text: str, longest: int) -> str:
    """Return ``text`` in ASCII letters, digits and single hyphens, "run" if none are left."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-zA-Z0-9]+", "-", plain).strip("-")[:longest].strip("-") or "run"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
