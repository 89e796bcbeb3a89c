"""TestState: one state, run by itself, and what it made of its input.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_TestState.html
https://docs.aws.amazon.com/step-functions/latest/dg/test-state-isolation.html

moto's engine runs Pass, Task, Wait, Choice, Succeed and Fail so. What it has nothing for, mocks and
the states that hold others, is refused. `inspectionData` has what the state's own fields made.
"""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from moto.core.responses import ActionResult
from moto.stepfunctions.exceptions import InvalidExecutionInput, ValidationException
from moto.stepfunctions.models import StateMachine
from moto.stepfunctions.parser.api import InvalidDefinition
from moto.stepfunctions.parser.asl.component.state.exec.execute_state import ExecutionState
from moto.stepfunctions.parser.asl.eval.program_state import ProgramError, ProgramTimedOut
from moto.stepfunctions.parser.asl.static_analyser.test_state.test_state_analyser import (
    TestStateStaticAnalyser,
)
from moto.stepfunctions.parser.backend.execution_worker_comm import ExecutionWorkerCommunication
from moto.stepfunctions.parser.backend.test_state.execution import TestStateExecution
from moto.stepfunctions.responses import StepFunctionResponse

from local_aws.stepfunctions.operations.structure import SCHEMA
from local_aws.wrapping import Original, replace, wrap

_NOT_HERE = ("mock", "context", "stateConfiguration", "variables")
_HOLD_OTHERS = ("Map", "Parallel")
_NEVER_BY_ALL = ("States.DataLimitExceeded", "States.Runtime")
_NAME = "TestState"  # under which the engine runs the state
_NO_ERROR = {"error": None, "cause": None}


class _Nobody(ExecutionWorkerCommunication):
    """Hears of the end of a trial: it is no execution that anybody can list."""

    def terminated(self) -> None:
        """Leave what came out where it is."""


class _Trial(TestStateExecution):
    def _get_start_execution_worker_comm(self) -> _Nobody:  # type: ignore[override]
        return _Nobody()


def install() -> None:
    """Add the action, and note the errors that a state catches."""
    replace(StepFunctionResponse, test_state=_answer)
    wrap(ExecutionState, "_handle_catch", _catch)


def _catch(original: Original, state: Any, env: Any, failure_event: Any) -> None:
    original(state, env, failure_event)
    if env.next_state_name != state.name:
        env.caught = failure_event


def _answer(response: StepFunctionResponse) -> ActionResult:
    for name in _NOT_HERE:
        if response._get_param(name) is not None:
            raise NotImplementedError(f"it runs the state without {name}")
    state = _state(response)
    if state["Type"] == "Task" and not response._get_param("roleArn"):
        raise ValidationException("A role is required to test a Task state")
    retriers = state.pop("Retry", [])
    env = _run(response, json.dumps(state))
    told = _told(env, env.program_state())
    if told["status"] != "SUCCEEDED" and _is_retried(told["error"], retriers):
        told = {"status": "RETRIABLE", "error": told["error"], "cause": told["cause"]}
    if response._get_param("inspectionLevel") in ("DEBUG", "TRACE"):
        told["inspectionData"] = dict(env.inspection_data)
    return ActionResult({name: value for name, value in told.items() if value is not None})


def _state(response: StepFunctionResponse) -> dict[str, Any]:
    """Return the state, alone or named in a whole machine. Raises InvalidDefinition and others."""
    name = response._get_param("stateName")
    try:
        definition = json.loads(response._get_param("definition"))
        state = definition["States"][name] if name else definition
        if state["Type"] in _HOLD_OTHERS:
            raise NotImplementedError(f"it runs no {state['Type']} state by itself")
        TestStateStaticAnalyser().analyse(json.dumps(state))
    except NotImplementedError:
        raise
    except Exception as error:  # the parser's, and whatever else a wrong definition brings up
        said = f"{SCHEMA}: {error!r}"
        raise InvalidDefinition(f"Invalid State Machine Definition: '{said}'") from error
    if name and "QueryLanguage" in definition:
        state.setdefault("QueryLanguage", definition["QueryLanguage"])
    found: dict[str, Any] = state
    return found


def _run(response: StepFunctionResponse, definition: str) -> Any:
    """Run the state to its end, and return the environment in which it ran."""
    backend: Any = response.stepfunction_backend
    given = response._get_param("input", if_none="{}")
    try:
        json.loads(given)
    except ValueError as error:
        raise InvalidExecutionInput(f"Invalid State Machine Execution Input: '{error}'") from error
    where = f"arn:{backend.partition}:states:{backend.region_name}:{backend.account_id}"
    role, name = response._get_param("roleArn") or "", str(uuid4())
    machine: Any = StateMachine
    trial = _Trial(
        name=name,
        role_arn=role,
        exec_arn=f"{where}:execution:{_NAME}:{name}",
        account_id=backend.account_id,
        region_name=backend.region_name,
        state_machine=machine(f"{where}:stateMachine:{_NAME}", _NAME, definition, role, backend),
        start_date=datetime.now(UTC),
        input_data=given,
        activity_store={},
    )
    worker: Any = trial._get_start_execution_worker()
    worker.start()
    return worker.env


def _told(env: Any, ended: Any) -> dict[str, Any]:
    if isinstance(ended, ProgramTimedOut):
        return {"status": "FAILED", "error": "States.Timeout", "cause": None}
    if isinstance(ended, ProgramError):
        return {"status": "FAILED", **_NO_ERROR, **(ended.error or {})}
    output = json.dumps(env.states.get_input(), separators=(",", ":"), ensure_ascii=False)
    following = getattr(ended, "next_state_name", None)
    told = {"status": "SUCCEEDED", "output": output, "nextState": following}
    caught = getattr(env, "caught", None)
    if caught is None:
        return told
    (details,) = caught.event_details.values()
    return {**told, "status": "CAUGHT_ERROR", **_NO_ERROR, **_error_of(details)}


def _error_of(details: dict[str, Any]) -> dict[str, Any]:
    return {name: details.get(name) for name in _NO_ERROR}


def _is_retried(error: str | None, retriers: list[dict[str, Any]]) -> bool:
    """Tell whether a retrier takes the error.

    https://states-language.net/spec.html#retrying-after-error
    """
    for retrier in retriers:
        named = set(retrier.get("ErrorEquals", []))
        by_all = "States.ALL" in named and error not in _NEVER_BY_ALL
        by_failed = "States.TaskFailed" in named and error != "States.Timeout"
        if error in named or by_all or by_failed:
            return bool(retrier.get("MaxAttempts", 3))
    return False
