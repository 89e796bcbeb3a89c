"""Definitions that AWS refuses, by ValidateStateMachineDefinition and where a machine is made.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinition.html
https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html

First the structure is looked at, then the engine parses the definition; fields of the integration
of SageMaker that its API does not have are errors, and those whose acceptance nothing proves are
warnings.
"""

import json
import re
from collections.abc import Iterator
from functools import partial
from typing import Any

from moto.core.responses import ActionResult
from moto.stepfunctions.parser.api import InvalidDefinition
from moto.stepfunctions.parser.models import StepFunctionsParserBackend
from moto.stepfunctions.responses import StepFunctionResponse

from local_aws.stepfunctions.integration_fields import unproven
from local_aws.stepfunctions.operations.express import EXPRESS
from local_aws.stepfunctions.operations.structure import SCHEMA, Problem, problems
from local_aws.stepfunctions.sagemaker_task import JOBS, parameters_of
from local_aws.wrapping import Original, replace, wrap

ERROR, WARNING = "ERROR", "WARNING"
_INVALID = "Invalid State Machine Definition: "
_REFUSAL = re.compile(
    rf"{_INVALID}'(?P<code>\w+): (?P<message>.*?)( at (?P<location>/\S.*))?'", re.DOTALL
)
_INTEGRATION = ":states:::sagemaker:"
_MOST = 100  # diagnostics, where the caller does not say


def install() -> None:
    """Have moto answer it, and refuse in AWS's words."""
    replace(StepFunctionResponse, validate_state_machine_definition=_answer)
    check = partial(_check, StepFunctionsParserBackend._validate_definition)
    replace(StepFunctionsParserBackend, _validate_definition=staticmethod(check))
    wrap(StepFunctionsParserBackend, "create_state_machine", _create)


def _check(original: Original, definition: str) -> None:
    """Raise InvalidDefinition for what AWS refuses of a machine of any type."""
    _refuse(problems(definition))
    try:
        original(definition=definition)
    except InvalidDefinition as error:
        said = str(error.message)
        if said.startswith(_INVALID):
            raise
        raise InvalidDefinition(f"{_INVALID}'{SCHEMA}: {said}'") from error


def _create(
    original: Original, backend: StepFunctionsParserBackend, *, definition: str, **more: Any
) -> Any:
    if more.get("sm_type") == EXPRESS:
        _refuse(problems(definition, express=True))
    return original(backend, definition=definition, **more)


def _refuse(found: list[Problem]) -> None:
    if found:
        raise InvalidDefinition(f"{_INVALID}'{', '.join(map(str, found))}'")


def diagnostics(definition: str, *, express: bool = False) -> Iterator[dict[str, str]]:
    """Yield what is wrong with a definition, in the form of the API."""
    found = problems(definition, express=express)
    for problem in found:
        told = {name: value for name, value in problem._asdict().items() if value}
        yield {"severity": ERROR, **told}
    if found:
        return
    try:
        StepFunctionsParserBackend._validate_definition(definition=definition)
    except InvalidDefinition as error:
        yield _told(str(error.message))
        return
    for name, state in json.loads(definition)["States"].items():
        yield from _of_state(f"/States/{name}/Parameters", state)


def _told(message: str) -> dict[str, str]:
    """Take a refusal of CreateStateMachine apart: "...'CODE: text at /location'"."""
    match = _REFUSAL.fullmatch(message)
    if match is None:
        return {"severity": ERROR, "code": SCHEMA, "message": message}
    return {"severity": ERROR, **{name: text for name, text in match.groupdict().items() if text}}


def _of_state(where: str, state: dict[str, Any]) -> Iterator[dict[str, str]]:
    action = state.get("Resource", "").partition(_INTEGRATION)[2].partition(".")[0]
    if action not in JOBS:
        return
    parameters = state.get("Parameters", {})
    known = parameters_of(action)
    for name in (name.removesuffix(".$") for name in parameters):
        if name not in known:
            message = f'The field "{name}" is not supported by Step Functions'
            yield {"severity": ERROR, "code": SCHEMA, "message": message, "location": where}
    for field in unproven(action, parameters):
        if field.partition(".")[0] in known:
            message = f'That the field "{field}" is supported by Step Functions is not proven'
            yield {"severity": WARNING, "code": SCHEMA, "message": message, "location": where}


def _answer(response: StepFunctionResponse) -> ActionResult:
    express = response._get_param("type") == EXPRESS
    found = list(diagnostics(response._get_param("definition"), express=express))
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
