"""ValidateStateMachineDefinition, which moto's server lacks: what CreateStateMachine would refuse.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinition.html

The engine parses the definition; fields of the integration of SageMaker that its API does not have
are errors, and those whose acceptance nothing proves are warnings.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from moto.core.responses import ActionResult
from moto.stepfunctions.parser.api import InvalidDefinition
from moto.stepfunctions.parser.models import StepFunctionsParserBackend
from moto.stepfunctions.responses import StepFunctionResponse

from local_aws.stepfunctions.integration_fields import unproven
from local_aws.stepfunctions.sagemaker_task import JOBS, parameters_of
from local_aws.wrapping import replace

ERROR, WARNING = "ERROR", "WARNING"
_CODE = "SCHEMA_VALIDATION_FAILED"
_REFUSAL = re.compile(
    r"Invalid State Machine Definition: '(?P<code>\w+): (?P<message>.*) at (?P<location>/\S.*)'"
)
_INTEGRATION = ":states:::sagemaker:"
_MOST = 100  # diagnostics, where the caller does not say


def install() -> None:
    """Have moto answer it."""
    replace(StepFunctionResponse, validate_state_machine_definition=_validate)


def diagnostics(definition: str) -> Iterator[dict[str, str]]:
    """Yield what is wrong with a definition, in the form of the API."""
    try:
        StepFunctionsParserBackend._validate_definition(definition=definition)
    except InvalidDefinition as error:
        yield {"severity": ERROR, "code": _CODE, "message": str(error.message), **_parts(error)}
        return
    for name, state in json.loads(definition)["States"].items():
        yield from _of_state(f"/States/{name}/Parameters", state)


def _parts(error: InvalidDefinition) -> dict[str, str]:
    """Return the code, the text and the place of a refusal that has all three."""
    match = _REFUSAL.fullmatch(str(error.message))
    return match.groupdict() if match else {}


def _of_state(where: str, state: dict[str, Any]) -> Iterator[dict[str, str]]:
    action = state.get("Resource", "").partition(_INTEGRATION)[2].partition(".")[0]
    if action not in JOBS:
        return
    parameters = state.get("Parameters", {})
    known = parameters_of(action)
    for name in (name.removesuffix(".$") for name in parameters):
        if name not in known:
            message = f'The field "{name}" is not supported by Step Functions'
            yield {"severity": ERROR, "code": _CODE, "message": message, "location": where}
    for field in unproven(action, parameters):
        if field.partition(".")[0] in known:
            message = f'That the field "{field}" is supported by Step Functions is not proven'
            yield {"severity": WARNING, "code": _CODE, "message": message, "location": where}


def _validate(response: StepFunctionResponse) -> ActionResult:
    found = list(diagnostics(response._get_param("definition")))
    failed = any(each["severity"] == ERROR for each in found)
    if response._get_param("severity") != WARNING:
        found = [each for each in found if each["severity"] == ERROR]
    most = response._get_param("maxResults") or _MOST
    return ActionResult(
        {
            "result": "FAIL" if failed else "OK",
            "diagnostics": found[:most],
            "truncated": len(found) > most,
        }
    )
