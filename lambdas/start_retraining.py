"""Retraining on request: the payload is an execution input, the same as in the console."""

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from lambdas.data_sets.data_sets import DataSets
from lambdas.reproduction.original import inputs_of
from lambdas.runs import input as run_input
from lambdas.runs.executions import Start, execution_name, reproduction_name, start_once
from lambdas.runs.ledger import Ledger
from lambdas.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_stepfunctions import SFNClient

log = logging.getLogger(__name__)

# Complete data sets start an execution by themselves. Who asks for runs regularly, or because of
# what happened elsewhere, means data that was run before.
AGAIN_AND_AGAIN = ("schedule", "alarm")


def start_retraining(
    event: object,
    *,
    request_id: str,
    settings: Settings,
    s3: "S3Client",
    stepfunctions: "SFNClient",
) -> dict[str, Any]:
    """Start an execution on the named data set, or on the newest complete one.

    Where the same object versions are, or ever were, run with the same hyperparameters and the same
    instance types asked for, ``started`` is false, ``execution_arn`` is that execution and
    ``message`` says so. With ``again`` or ``force`` in the payload none is in the way, and with
    ``force`` the new one reuses no step of an earlier run. For a schedule and an alarm none that
    has ended is in the way.
    ``request_id`` is Lambda's, the same when Lambda repeats an asynchronous invocation, so that a
    repetition starts nothing more. With ``reproduce`` in the payload a new execution always starts,
    with that run's inputs, if they are all there.

    Raises InvalidInputError, ReproductionError and the DataSetErrors, which the caller sees as a
    FunctionError.
    """
    payload = {} if event is None else event
    asked = run_input.parse(payload, settings.hyperparameters, settings.bounds)
    ledger = Ledger(s3, settings.bucket)
    once = partial(start_once, stepfunctions, ledger, settings.state_machine_arn)
    if asked.reproduce is not None:
        inputs = inputs_of(s3, settings.bucket, asked.reproduce, settings.hyperparameters)
        execution_input = _execution_input(asked, reproduce=asked.reproduce)
        start = once(reproduction_name(asked.reproduce, request_id), execution_input)
        dataset = inputs["dataset"]
        return _answer(start, start.message, dataset["name"], dataset["fingerprint"])
    return _start_on_data(asked, request_id, settings, s3, once)


def _start_on_data(
    asked: run_input.RunInput,
    request_id: str,
    settings: Settings,
    s3: "S3Client",
    once: Callable[[str, Mapping[str, Any]], Start],
) -> dict[str, Any]:
    datasets = DataSets(s3, settings.bucket, settings.dataset_prefix, settings.required_files)
    dataset = datasets.choose(asked.dataset, asked.fingerprint)
    changed = _changed(asked, settings)
    execution_input = _execution_input(
        asked,
        dataset=dataset.name,
        fingerprint=dataset.fingerprint,
        hyperparameters=changed,
        instance_types=asked.instance_types,
        force=asked.force,
    )
    name = partial(execution_name, dataset, changed, instance_types=asked.instance_types)
    start = None if asked.force or asked.again else once(name(), execution_input)
    if start is None or (start.ended and asked.trigger in AGAIN_AND_AGAIN):
        start = once(name(request_id), execution_input)
    message = start.message if start.started else f"{start.message}; again starts another"
    return _answer(start, message, dataset.name, dataset.fingerprint)


def _answer(start: Start, message: str, dataset: str, fingerprint: str) -> dict[str, Any]:
    answer = {
        "execution_arn": start.execution_arn,
        "started": start.started,
        "dataset": dataset,
        "fingerprint": fingerprint,
    }
    log.info(message, extra=answer)
    return answer | {"message": message}


def _changed(asked: run_input.RunInput, settings: Settings) -> dict[str, run_input.Hyperparameter]:
    """Return the hyperparameters that differ from the defaults."""
    return {
        name: value
        for name, value in asked.hyperparameters.items()
        if value != settings.hyperparameters[name]
    }


def _execution_input(asked: run_input.RunInput, **what: Any) -> dict[str, Any]:
    fields = {
        **what,
        "requested_by": asked.requested_by,
        "reason": asked.reason,
        "trigger": asked.trigger or "start_retraining",
    }
    return {name: value for name, value in fields.items() if value}
