"""The input of an execution: its JSON Schema, and one clear error where an input breaks it.

The same schema holds for the Step Functions console, ``start_retraining`` and the console's form.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import fastjsonschema

from lambdas.boundary.schema_errors import explanation
from lambdas.boundary.text import shown
from lambdas.data_sets.data_sets import DATASET_NAME, name_problem
from lambdas.errors import InvalidInputError
from lambdas.runs import instances
from lambdas.runs.hyperparameters import Hyperparameter, sent

ONE_LINE = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]*$"
TRIGGERS = ("upload", "start_retraining", "console", "schedule", "alarm", "topic")
# As lambdas.runs.executions.run_id forms it.
RUN_ID = r"^[a-zA-Z0-9][a-zA-Z0-9-]{0,39}$"
# What a reproduction takes from its original, or does anyway: no input may ask for both.
NOT_WITH_REPRODUCE = (
    "dataset",
    "fingerprint",
    "hyperparameters",
    "instance_types",
    "again",
    "force",
)
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html
LONGEST_VALUE = 2500  # of a hyperparameter, in characters
LARGEST_NUMBER = 1e15  # keeps whole numbers exact in a float, and every value short as text

Bounds = Mapping[str, Mapping[str, Any]]
_TYPES: dict[type, str] = {bool: "boolean", int: "integer", float: "number", str: "string"}
_WITHIN = {"minimum": -LARGEST_NUMBER, "maximum": LARGEST_NUMBER}
_KINDS: dict[str, dict[str, Any]] = {
    "boolean": {"type": "boolean", "description": "true or false"},
    "integer": {"type": "integer", "description": "a whole number", **_WITHIN},
    "number": {"type": "number", "description": "a number", **_WITHIN},
    "string": {
        "type": "string",
        "description": f"one line of at most {LONGEST_VALUE} characters",
        "pattern": ONE_LINE,
        "maxLength": LONGEST_VALUE,
    },
}
_IN_WORDS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "above {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "below {}",
}


@dataclass(frozen=True)
class RunInput:
    """A valid execution input. ``hyperparameters`` holds only those that were given.

    Who asked, why, and by which way in: ``requested_by``, ``reason`` and ``trigger``. An execution
    that was started directly, as the console does, has no trigger in its input. ``reproduce`` is
    the id of the run whose inputs are to be used again. ``instance_types`` holds those that were
    given, by the job's table in pipeline.toml. ``again`` starts an execution of what was run
    before, and ``force`` one that computes all of it again.
    """

    dataset: str | None
    fingerprint: str | None
    hyperparameters: Mapping[str, Hyperparameter]
    requested_by: str | None
    reason: str | None
    trigger: str | None
    force: bool
    reproduce: str | None = None
    instance_types: Mapping[str, str] = field(default_factory=dict)
    again: bool = False


def parse(
    found: object,
    hyperparameters: Mapping[str, Hyperparameter],
    bounds: Bounds = MappingProxyType({}),
) -> RunInput:
    """Hold an execution input against its schema.

    ``hyperparameters`` are the defaults, which name and type what may be given. ``bounds`` are what
    the training's scripts declare of some of them, in JSON Schema: see state_machine/bounds.py.
    Raises InvalidInputError naming the field, what was found and what is allowed.
    """
    expected = schema(hyperparameters, bounds)
    check = fastjsonschema.compile(expected, use_default=False)
    try:
        check(found)
    except fastjsonschema.JsonSchemaValueException as error:
        raise InvalidInputError(explanation(error, "input")) from None
    assert isinstance(found, dict)
    if "dataset" in found and (problem := name_problem(found["dataset"])):
        raise InvalidInputError(f"dataset: found {shown(found['dataset'])}, {problem}")
    if "reproduce" in found:
        _check_alone(found)
    kinds = expected["properties"]["hyperparameters"]["properties"]
    given = {
        name: _in_type(kinds[name]["type"], name, value)
        for name, value in found.get("hyperparameters", {}).items()
    }
    instance_types = found.get("instance_types", {})
    _check_types(instance_types)
    return RunInput(
        dataset=found.get("dataset"),
        fingerprint=found.get("fingerprint"),
        hyperparameters=given,
        requested_by=found.get("requested_by"),
        reason=found.get("reason"),
        trigger=found.get("trigger"),
        force=found.get("force", False),
        reproduce=found.get("reproduce"),
        instance_types=instance_types,
        again=found.get("again", False),
    )


def of_execution(event: Mapping[str, Any]) -> RunInput:
    """Parse the ``input`` of an execution by the deployment's ``defaults``, which are beside it.

    Definitions that were deployed before there were bounds have none.
    """
    defaults = event["defaults"]
    return parse(event["input"], defaults["hyperparameters"], defaults.get("bounds", {}))


def schema(
    hyperparameters: Mapping[str, Hyperparameter], bounds: Bounds = MappingProxyType({})
) -> dict[str, Any]:
    """Return the JSON Schema (draft 7) of an execution input, titled and described for a form."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Retraining",
        "description": "every field is optional",
        "type": "object",
        "properties": {
            "dataset": _text("Data set", "the folder's name below raw_data/", pattern=DATASET_NAME),
            "fingerprint": _text(
                "Fingerprint",
                "64 hex digits; the execution is refused if the files have changed since",
                pattern="^[0-9a-f]{64}$",
            ),
            "hyperparameters": _hyperparameters(hyperparameters, bounds),
            "instance_types": _instance_types(),
            "requested_by": _text("Requested by", "one line of at most 256 characters", 256),
            "reason": _text("Reason", "one line of at most 1024 characters", 1024),
            "trigger": {
                "title": "Trigger",
                "description": f"one of {', '.join(TRIGGERS)}: the way in, filled in on the way",
                "type": "string",
                "enum": list(TRIGGERS),
            },
            "force": {
                "title": "Force",
                "description": "true or false; run every step, although the same was run before",
                "type": "boolean",
            },
            "again": {
                "title": "Again",
                "description": "true or false; for start_retraining: run what has changed, "
                "although the same was run before",
                "type": "boolean",
            },
            "reproduce": _text(
                "Reproduce",
                "the id of a run whose inputs are used again; excludes "
                f"{', '.join(NOT_WITH_REPRODUCE)}",
                pattern=RUN_ID,
            ),
        },
        "additionalProperties": False,
    }


def _check_alone(found: Mapping[str, Any]) -> None:
    if others := [name for name in NOT_WITH_REPRODUCE if name in found]:
        raise InvalidInputError(
            f"reproduce: found together with {', '.join(others)}, expected alone or with "
            "requested_by and reason: a reproduction takes everything from its original"
        )


def _text(
    title: str, description: str, longest: int | None = None, pattern: str = ONE_LINE
) -> dict[str, Any]:
    limits = {} if longest is None else {"maxLength": longest}
    return {
        "title": title,
        "description": description,
        "type": "string",
        "pattern": pattern,
        **limits,
    }


def _hyperparameters(defaults: Mapping[str, Hyperparameter], bounds: Bounds) -> dict[str, Any]:
    properties = {
        name: {"title": name, "default": value, **_bounded(value, bounds.get(name, {}))}
        for name, value in defaults.items()
    }
    return {
        "title": "Hyperparameters",
        "description": "values by name; those not given keep their defaults",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }


def _instance_types() -> dict[str, Any]:
    description = "a type of SageMaker, such as ml.m5.xlarge or, with a GPU, ml.g5.xlarge"
    return {
        "title": "Instance types",
        "description": "types by job; those not given are the deployed ones",
        "type": "object",
        "properties": {
            job: _text(job.capitalize(), description, pattern=instances.TYPE)
            for job in instances.JOBS
        },
        "additionalProperties": False,
    }


def _check_types(instance_types: Mapping[str, str]) -> None:
    for job, instance_type in instance_types.items():
        try:
            instances.of_job(instance_type)
            instances.check_known(instance_type, instances.JOBS[job])
        except ValueError as error:
            raise InvalidInputError(f"instance_types.{job}: {error}") from None


def _bounded(default: Hyperparameter, bound: Mapping[str, Any]) -> dict[str, Any]:
    kind = _KINDS[bound.get("type") or _type_of(default)]
    words = [words.format(bound[name]) for name, words in _IN_WORDS.items() if name in bound]
    description = ", ".join([kind["description"], *words])
    if "enum" in bound:
        description = f"one of {', '.join(map(str, bound['enum']))}"
    return {**kind, **bound, "description": description}


def _type_of(default: Hyperparameter) -> str:
    # True is an int too.
    return next(name for kind, name in _TYPES.items() if isinstance(default, kind))


def _in_type(kind: str, name: str, value: Hyperparameter) -> Hyperparameter:
    """Return ``value`` in JSON Schema's type: JSON's 3.0 is a whole number, and 1 a number."""
    if isinstance(value, float) and math.isnan(value):  # which passes every bound of a schema
        raise InvalidInputError(f"hyperparameters.{name}: found NaN, expected a number")
    if isinstance(value, str) and (length := len(sent(value))) > LONGEST_VALUE:
        raise InvalidInputError(
            f"hyperparameters.{name}: found {length} characters as it is sent, quotes included, "
            f"expected at most {LONGEST_VALUE}"
        )
    return next(python for python, known in _TYPES.items() if known == kind)(value)
