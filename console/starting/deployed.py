"""What is deployed now, which may be another thing than what the local pipeline.toml says."""

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from operations.errors import NotDeployedError

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


@dataclass(frozen=True)
class Defaults:
    """What an execution does unless its input says otherwise: what PrepareRun is given.

    `instance_types` are by the job's table in pipeline.toml.
    """

    hyperparameters: dict[str, bool | int | float | str]
    instance_types: dict[str, str]
    required_files: tuple[str, ...]
    model_package_group: str
    bounds: dict[str, dict[str, Any]] = field(default_factory=dict)  # of the hyperparameters


def defaults(states: "SFNClient", state_machine_arn: str) -> Defaults:
    """Read them from the state machine's definition.

    Raises NotDeployedError where there is none, or one of another making.
    """
    try:
        found = states.describe_state_machine(stateMachineArn=state_machine_arn)
    except states.exceptions.StateMachineDoesNotExist as error:
        raise NotDeployedError(
            f"There is no state machine {state_machine_arn}", "run `retrain deploy` first"
        ) from error
    try:
        return _read(json.loads(found["definition"]))
    except (KeyError, TypeError, ValueError) as error:
        raise NotDeployedError(
            f"{state_machine_arn} names no defaults of PrepareRun", "run `retrain deploy` again"
        ) from error


def _read(definition: dict[str, Any]) -> Defaults:
    given = definition["States"]["PrepareRun"]["Parameters"]["Payload"]["defaults"]
    return Defaults(
        hyperparameters=dict(given["hyperparameters"]),
        instance_types=dict(given["instance_types"]),
        required_files=tuple(given["required_files"]),
        model_package_group=str(given["model_package_group"]),
        bounds=dict(given.get("bounds", {})),
    )
