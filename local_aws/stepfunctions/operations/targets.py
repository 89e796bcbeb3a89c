"""What the ARN of a state machine names: the machine, one of its versions, or one of its aliases.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-state-machine-version.html
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-state-machine-alias.html
"""

import random
import re
from dataclasses import dataclass
from typing import Any

from moto.stepfunctions.exceptions import InvalidArn, StateMachineDoesNotExist

_ARN = re.compile(
    r"(?P<machine>arn:aws[\w-]*:states:[\w-]+:\d{12}:stateMachine:[^:]+)(:(?P<qualifier>[^:]+))?"
)


@dataclass(frozen=True)
class Target:
    """The ARN of a machine, and the version or the alias that stands behind it in a longer one."""

    machine: str
    qualifier: str = ""

    @property
    def arn(self) -> str:
        """The whole ARN."""
        return f"{self.machine}:{self.qualifier}" if self.qualifier else self.machine

    @property
    def is_version(self) -> bool:
        """Whether a version is meant: versions are numbers, and no alias is one."""
        return self.qualifier.isdecimal()


def target_of(arn: str) -> Target:
    """Read the ARN. Raises InvalidArn."""
    found = _ARN.fullmatch(arn)
    if found is None:
        raise InvalidArn(f"Invalid State Machine Arn: '{arn}'")
    return Target(found["machine"], found["qualifier"] or "")


def machine_of(backend: Any, target: Target) -> Any:
    """Return the state machine itself. Raises StateMachineDoesNotExist."""
    for machine in backend.state_machines:
        if machine.arn == target.machine:
            return machine
    raise does_not_exist(target)


def does_not_exist(target: Target) -> StateMachineDoesNotExist:
    """Return how AWS refuses the ARN of a machine, a version or an alias that is not there."""
    return StateMachineDoesNotExist(f"State Machine Does Not Exist: '{target.arn}'")


def version_of(backend: Any, target: Target) -> Any:
    """Return the version that an execution starts by; None for the machine as it is now.

    An alias gives each execution to one of its versions, by their weights.
    Raises StateMachineDoesNotExist.
    """
    machine = machine_of(backend, target)
    if not target.qualifier:
        return None
    if target.is_version:
        version = machine.versions.get(int(target.qualifier))
    else:
        alias = machine.aliases.get(target.qualifier)
        version = alias and _version_by_weight(machine, alias.routing_configuration)
    if version is None:
        raise does_not_exist(target)
    return version


def _version_by_weight(machine: Any, routes: list[dict[str, Any]]) -> Any:
    weights = [route["weight"] for route in routes]
    (route,) = random.choices(routes, weights)  # noqa: S311 (no secret)
    return machine.versions.get(int(route["stateMachineVersionArn"].rpartition(":")[2]))
