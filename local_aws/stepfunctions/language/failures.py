"""The events of an evaluation that failed: `EvaluationFailed`, and the error that a state has then.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_EvaluationFailedEventDetails.html
The error is States.QueryEvaluationError, which `Retry` and `Catch` take like any other.
"""

from collections.abc import Iterator
from typing import Any

from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import (
    StatesErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event.event_manager import (
    EventHistoryContext,
    EventManager,
)

from local_aws.wrapping import Original, wrap

_DETAILS = "evaluationFailedEventDetails"
_OPENING = "An error occurred while executing the state '"


class _Told(dict[str, Any]):
    """Details of a failure whose event the history has already."""


def install() -> None:
    """Have moto tell of a failed evaluation once, and with the sentence that names the state."""
    wrap(EventManager, "add_event", _add_once)
    wrap(FailureEventException, "get_evaluation_failed_event_details", _evaluation_details)
    wrap(FailureEventException, "get_execution_failed_event_details", _execution_details)


def evaluation_failure(
    env: Environment, cause: str, field: str | None = None, follows: bool = False
) -> FailureEventException:
    """Write EvaluationFailed into the history, and return what the state then raises.

    Args:
        env: What the state runs in.
        cause: The sentence of what went wrong; the one that names the state is put before it.
        field: The field of the state, or None where it has none.
        follows: That the event comes after that of the entered state. As AWS has recorded it, an
            expression that fails when the state begins stands beside that event: both follow the
            same one.
    """
    state: Any = env.states.context_object.context_object_data["State"]
    name = state["Name"]
    entered, beside = _entered(env, name)
    details = {
        "error": StatesErrorNameType.StatesQueryEvaluationError.to_name(),
        "cause": f"{_OPENING}{name}' (entered at the event id #{entered}). {cause}",
        "state": name,
        **({} if field is None else {"location": field}),
    }
    _tell(env, details, None if follows else beside)
    told: Any = {_DETAILS: _Told(details)}
    return FailureEventException(
        FailureEvent(
            env=env,
            error_name=StatesErrorName(typ=StatesErrorNameType.StatesQueryEvaluationError),
            event_type=HistoryEventType.EvaluationFailed,
            event_details=told,
        )
    )


def _entered(env: Environment, name: str) -> tuple[int, int | None]:
    """Return the event with which the state was entered, and, if it is the last, the one before."""
    before: int | None = None
    last = env.event_history_context.source_event_id
    for event in _backwards(env):
        if event.get("stateEnteredEventDetails", {}).get("name") == name:
            if event["id"] == last:
                before = event["previousEventId"]
            return event["id"], before
    return last, None


def _backwards(env: Environment) -> Iterator[Any]:
    events: dict[int, Any] = {event["id"]: event for event in env.event_manager.get_event_history()}
    following = env.event_history_context.source_event_id
    while following in events:
        yield events[following]
        following = events[following]["previousEventId"]


def _tell(env: Environment, details: dict[str, Any], previous: int | None) -> None:
    context = env.event_history_context
    at = context if previous is None else EventHistoryContext(previous_event_id=previous)
    event: Any = {_DETAILS: details}
    env.event_manager.add_event(
        context=at, event_type=HistoryEventType.EvaluationFailed, event_details=event
    )
    context.integrate(at)


def _add_once(original: Original, self: EventManager, *given: Any, **named: Any) -> Any:
    """Leave an event out that is there: moto's states write that of a failure themselves."""
    details = named.get("event_details") or {}
    if isinstance(details.get(_DETAILS), _Told):
        return None
    return original(self, *given, **named)


def _evaluation_details(original: Original, self: FailureEventException) -> Any:
    known: Any = self.failure_event.event_details or {}
    details = known.get(_DETAILS)
    return details if isinstance(details, _Told) else original(self)


def _execution_details(original: Original, self: FailureEventException) -> Any:
    """Return error and cause; a cause that names a state already gets no other name before it."""
    error, cause = self.extract_error_cause_pair() or (None, None)
    if error and str(cause).startswith(_OPENING):
        return {"error": error, "cause": cause}
    return original(self)
