"""CreateStateMachine and UpdateStateMachine refuse what AWS refuses, where moto says yes.

A name that is taken is the same machine only with the same definition, type and configurations; its
role and tags may differ, and stay. History can be sent to one log group, which has to be there.
https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html
"""

from typing import Any

from moto.core.responses import ActionResult
from moto.logs.models import logs_backends
from moto.stepfunctions.models import StateMachine, StepFunctionBackend
from moto.stepfunctions.parser.api import InvalidLoggingConfiguration, StateMachineAlreadyExists
from moto.stepfunctions.parser.asl.eval.event.logging import CloudWatchLoggingConfiguration
from moto.stepfunctions.responses import StepFunctionResponse

from local_aws.wrapping import Original, wrap

# What a machine has where nothing is asked.
_LOGGING = {"level": "OFF", "includeExecutionData": False}
_NO_TRACES, _OWN_KEY = {"enabled": False}, {"type": "AWS_OWNED_KEY"}


def install() -> None:
    """Check both calls, and show configurations as a whole."""
    wrap(StepFunctionBackend, "create_state_machine", _create)
    wrap(StepFunctionBackend, "update_state_machine", _update)
    wrap(StepFunctionResponse, "_describe_state_machine", _describe)


def _create(original: Original, self: StepFunctionBackend, **asked: Any) -> StateMachine:
    _check_logging(asked.get("loggingConfiguration"))
    where = f"arn:{self.partition}:states:{self.region_name}:{self.account_id}"
    arn = f"{where}:stateMachine:{asked['name']}"
    known = next((each for each in self.state_machines if each.arn == arn), None)
    if known is not None and _differs(known, asked):
        raise StateMachineAlreadyExists(f"State Machine Already Exists: '{arn}'")
    machine: StateMachine = original(self, **asked)
    return machine


def _differs(known: StateMachine, asked: dict[str, Any]) -> bool:
    return any(
        (
            known.definition != asked["definition"],
            known.type != (asked.get("sm_type") or "STANDARD"),
            _LOGGING | (known.loggingConfiguration or {})
            != _LOGGING | (asked.get("loggingConfiguration") or {}),
            known.tracingConfiguration != (asked.get("tracingConfiguration") or _NO_TRACES),
            known.encryptionConfiguration != (asked.get("encryptionConfiguration") or _OWN_KEY),
        )
    )


def _update(
    original: Original, self: StepFunctionBackend, arn: str, *given: Any, **asked: Any
) -> StateMachine:
    _check_logging(asked.get("logging_configuration"))
    machine: StateMachine = original(self, arn, *given, **asked)
    return machine


def _check_logging(asked: dict[str, Any] | None) -> None:
    """Look for the log group.

    Raises:
        InvalidLoggingConfiguration: none or several are named, or it is not there.
    """
    destinations = (asked or {}).get("destinations") or []
    needed = (asked or {}).get("level", "OFF") != "OFF"
    if len(destinations) > 1 or (needed and not destinations):
        raise InvalidLoggingConfiguration(
            "Invalid Logging Configuration: Must specify exactly one Log Destination."
        )
    if destinations and not _is_there({"destinations": destinations}):
        raise InvalidLoggingConfiguration(
            "Invalid Logging Configuration: Log Destination not found."
        )


def _is_there(configuration: Any) -> bool:
    parts = CloudWatchLoggingConfiguration.extract_log_arn_parts_from(configuration)
    if parts is None:
        return False
    account, region, group = parts
    return group in logs_backends[account][region].groups


def _describe(original: Original, self: StepFunctionResponse, arn: str) -> ActionResult:
    described: Any = original(self, arn).result
    described["loggingConfiguration"] = _LOGGING | (described["loggingConfiguration"] or {})
    return ActionResult(described)
