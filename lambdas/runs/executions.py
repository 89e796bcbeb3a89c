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

from lambdas.boundary import strict_json
from lambdas.boundary.s3_objects import error_code
from lambdas.boundary.text import shown
from lambdas.data_sets.data_sets import DataSet
from lambdas.errors import InvalidInputError
from lambdas.runs.input import Hyperparameter
from lambdas.runs.ledger import Ledger

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

LONGEST_NAME = 40  # leaves room for "-preprocess-<retry>-<redrive>" in a job name of 63
FINGERPRINT_DIGITS = 12
# The end of a name that tells it from all others: at most a fingerprint's and a request's digits.
IDENTITY = FINGERPRINT_DIGITS + 1 + 8
# What a shortened run id has before its hash, and how such an id ends.
SHORT = "short-"
SHORTENED = rf"(^|-){SHORT}[0-9a-f]{{{FINGERPRINT_DIGITS}}}$"
TAG = frozenset("_.:/=+-@")  # of a tag's value, beside letters, numbers and blanks
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
    """Return the run id of an execution: its name, shortened with a hash where it does not fit.

    Shortened ids bear a mark, and a name that bears one is shortened too: no execution's name is
    the id of another one's run.
    """
    name = execution_arn.rsplit(":", 1)[-1]
    fits = len(name) <= LONGEST_NAME and re.fullmatch(PLAIN_NAME, name)
    if fits and not re.search(SHORTENED, name):
        return name
    identity = SHORT + _digest(name)[:FINGERPRINT_DIGITS]
    return f"{_slug(name, LONGEST_NAME - len(identity) - 1)}-{identity}"


def check_name(execution_arn: str) -> None:
    """Raise InvalidInputError where no job of the execution could be created.

    Step Functions adds its ARN as a tag to every job that it waits for, and SageMaker takes fewer
    characters in a tag than StartExecution in a name: no apostrophe and no bracket. How AWS
    handles such a name is documented nowhere, so that it is refused is believed.
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_Tag.html
    """
    name = execution_arn.rsplit(":", 1)[-1]
    odd = [c for c in name if unicodedata.category(c)[0] not in "LNZ" and c not in TAG]
    if odd:
        raise InvalidInputError(
            f"the execution's name: found {shown(name)} with {shown(odd[0])}, expected letters, "
            "digits and _ . = + - @ only, as tags of SageMaker's jobs take them: start it again "
            "under another name"
        )


def start_once(
    stepfunctions: "SFNClient",
    ledger: Ledger,
    state_machine_arn: str,
    name: str,
    execution_input: Mapping[str, Any],
) -> Start:
    """Start the execution of that name unless there is or was one: running, ended, forgotten.

    One that gave its data up is no run of them: then ``<name>-2`` is meant, and so on.

    StartExecution alone would not tell a new execution from a running one with the same input: it
    returns both alike. Of callers that start one name at once, the ledger tells which was first.
    Errors other than ExecutionAlreadyExists are raised; calling again is harmless.
    """
    executions = state_machine_arn.replace(":stateMachine:", ":execution:")
    number = 1
    while True:
        free = _numbered(name, number)
        known = _known(stepfunctions, ledger, f"{executions}:{free}")
        if known is None:
            return _start(stepfunctions, ledger, state_machine_arn, free, execution_input)
        if not known.gave_up:
            return known.start
        number += 1


def start_on_upload(
    stepfunctions: "SFNClient", ledger: Ledger, state_machine_arn: str, dataset: DataSet
) -> Start:
    """Start the execution that a complete data set has by itself, as ``start_once`` does."""
    return start_once(
        stepfunctions,
        ledger,
        state_machine_arn,
        execution_name(dataset, {}),
        # Stable fields only: StartExecution takes the same name again with the same input alone.
        {"dataset": dataset.name, "fingerprint": dataset.fingerprint, "trigger": "upload"},
    )


@dataclass(frozen=True)
class _Known:
    """An execution that there is or was, and whether it gave its data up."""

    start: Start
    gave_up: bool


def _known(stepfunctions: "SFNClient", ledger: Ledger, arn: str) -> _Known | None:
    same = f"execution {arn.rsplit(':', 1)[-1]} of the same data and input"
    if described := _described(stepfunctions, arn):
        status = described["status"]
        start = Start(arn, False, f"{same} is {status}", ended=status != "RUNNING")
        # Whoever ended as superseded before there were notes in the ledger left none.
        gave_up = _superseded(described.get("output", "")) or ledger.gave_up(arn)
        return _Known(start, gave_up)
    if entered := ledger.entered_at(arn):
        start = Start(arn, False, f"{same} was started on {entered:%Y-%m-%d}", ended=True)
        return _Known(start, ledger.gave_up(arn))
    return None


def _start(
    stepfunctions: "SFNClient",
    ledger: Ledger,
    state_machine_arn: str,
    name: str,
    execution_input: Mapping[str, Any],
) -> Start:
    arn = f"{state_machine_arn.replace(':stateMachine:', ':execution:')}:{name}"
    other = Start(
        arn,
        False,
        f"execution {name} of the same data and input was started by another caller just now",
    )
    try:
        stepfunctions.start_execution(
            stateMachineArn=state_machine_arn, name=name, input=json.dumps(execution_input)
        )
    except ClientError as error:
        if error_code(error) != "ExecutionAlreadyExists":
            raise
        return other
    if not ledger.enter(arn, execution_input, starter=str(uuid.uuid4())):
        return other
    return Start(arn, True, f"execution {name} started")


def _numbered(name: str, number: int) -> str:
    """Return ``<name>-<number>``, within a name's length and with all that tells names apart."""
    if number == 1:
        return name
    end = f"-{number}"
    excess = max(0, len(name) + len(end) - LONGEST_NAME)
    words, identity = name[:-IDENTITY], name[-IDENTITY:]
    return words[: len(words) - excess] + identity + end


def _superseded(output: str) -> bool:
    """Tell whether an execution with that output, JSON, ended because newer files came."""
    try:
        found = strict_json.parse(output.encode())
    except ValueError:
        return False
    return isinstance(found, dict) and found.get("outcome") == "superseded"


def _described(stepfunctions: "SFNClient", execution_arn: str) -> Mapping[str, Any] | None:
    try:
        return stepfunctions.describe_execution(executionArn=execution_arn)
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
