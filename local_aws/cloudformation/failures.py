"""Stacks that cannot be made, changed or deleted: they say so, and no call fails for it.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-failure-options.html

What this restores of AWS's behaviour, where moto 5.2 differs:

- The call is answered, and the stack's status, its reason and its events tell what went wrong. With
  moto the call fails, and the stack stays as it is.
- A stack whose creation fails is removed again: ROLLBACK_COMPLETE; not with DisableRollback or
  OnFailure=DO_NOTHING: CREATE_FAILED. It cannot be updated, and a second CreateStack says why.
- A stack that cannot be deleted is DELETE_FAILED, and can be deleted again. moto forgets it.
- What cannot be told of one stack does not keep DescribeStacks from telling of the others, and
  telling of a stack makes none of its resources.

An update that fails is not undone, as with AWS's DisableRollback: UPDATE_FAILED.
"""

import logging
from collections.abc import Iterable
from contextlib import suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from moto.core.exceptions import ServiceException

from local_aws.wrapping import Original, replace, wrap

if TYPE_CHECKING:
    from moto.cloudformation.models import CloudFormationBackend, Stack

_KEEPING: ContextVar[bool] = ContextVar("keeping what a failed creation made", default=False)

_BEING_MADE = ("CREATE_PENDING", "CREATE_IN_PROGRESS")
_NOT_UPDATABLE = ("CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED")
_REVIEWED = "REVIEW_IN_PROGRESS"

_log = logging.getLogger(__name__)


class ResourceFailedError(Exception):
    """A resource could not be made or changed; `reason` is what its service said."""

    def __init__(self, name: str, kind: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.name, self.kind, self.reason = name, kind, reason


def install() -> None:
    """Have failures told by stacks."""
    from moto.cloudformation import parsing  # noqa: PLC0415 (see engine)
    from moto.cloudformation.models import CloudFormationBackend, Stack  # noqa: PLC0415
    from moto.cloudformation.responses import CloudFormationResponse  # noqa: PLC0415

    for name in ("parse_and_create_resource", "parse_and_update_resource"):
        wrap(parsing, name, _naming_the_resource)
    for name, wrapper in (
        ("create_stack", _create_stack),
        ("create_change_set", _create_change_set),
        ("execute_change_set", _execute_change_set),
        ("update_stack", _update_stack),
        ("delete_stack", _delete_stack),
    ):
        wrap(CloudFormationBackend, name, wrapper)
    wrap(CloudFormationResponse, "create_stack", _with_options)
    replace(
        Stack,
        outputs=property(_if_it_can_be_told(Stack.outputs, None)),
        exports=property(_if_it_can_be_told(Stack.exports, ())),
        stack_resources=property(_made),
    )


def _naming_the_resource(
    original: Original, name: str, resource: dict[str, Any], *given: Any, **named: Any
) -> Any:
    try:
        return original(name, resource, *given, **named)
    except ResourceFailedError:  # of another one, which this one needs
        raise
    except Exception as error:
        _log.info("%s of a stack", name, exc_info=True)
        raise ResourceFailedError(name, resource["Type"], str(error)) from error


def _with_options(original: Original, response: Any) -> Any:
    keeps = response._get_bool_param("DisableRollback", False)
    token = _KEEPING.set(keeps or response._get_param("OnFailure") == "DO_NOTHING")
    try:
        return original(response)
    finally:
        _KEEPING.reset(token)


def _create_stack(
    original: Original, backend: "CloudFormationBackend", name: str, *given: Any, **named: Any
) -> "Stack":
    existing = _named(backend, name)
    if existing is not None:
        _refuse(existing, "AlreadyExistsException", f"Stack [{name}] already exists")
    try:
        made: Stack = original(backend, name, *given, **named)
    except Exception as error:
        failed = _named(backend, name)
        if failed is None:  # refused, before there was a stack
            raise
        _end_creation(failed, error)
        return failed
    return made


def _create_change_set(
    original: Original,
    backend: "CloudFormationBackend",
    stack_name: str,
    change_set_name: str,
    **named: Any,
) -> Any:
    existing, stacks = _named(backend, stack_name), set(backend.stacks)
    if existing is not None and named.get("change_set_type") == "UPDATE":
        _refuse_update(existing)
    elif existing is not None:
        _refuse_another(existing, change_set_name)
    try:
        answer = original(backend, stack_name, change_set_name, **named)
    except Exception:
        for made in set(backend.stacks) - stacks:
            del backend.stacks[made]
        raise
    if existing is not None and existing.status == _REVIEWED:
        backend.stacks.pop(existing.stack_id)  # the new change set has a stack of its own
    return answer


def _refuse_another(stack: "Stack", change_set: str) -> None:
    if stack.status != _REVIEWED:
        message = (
            f"Stack [{stack.name}] already exists and cannot be created again with the changeSet "
            f"[{change_set}]."
        )
        _refuse(stack, "ValidationError", message)


def _execute_change_set(
    original: Original,
    backend: "CloudFormationBackend",
    change_set_name: str,
    stack_name: str | None = None,
) -> None:
    found: Any = backend.describe_change_set(change_set_name)
    try:
        original(backend, change_set_name, stack_name)
    except Exception as error:
        found.execution_status = "EXECUTE_FAILED"
        if found.change_set_type == "CREATE":
            _end_creation(found.stack, error)
        else:
            _end_update(found.stack, error)


def _update_stack(
    original: Original, backend: "CloudFormationBackend", name: str, *given: Any, **named: Any
) -> Any:
    stack = backend.get_stack(name)
    _refuse_update(stack)
    before = (stack.template, stack.template_dict)
    try:
        return original(backend, name, *given, **named)
    except Exception as error:
        stack.template, stack.template_dict = before
        if isinstance(error, ServiceException):  # the template itself is refused
            stack.events.pop()
            raise
        _end_update(stack, error)
        return stack


def _delete_stack(
    original: Original, backend: "CloudFormationBackend", name_or_stack_id: str
) -> None:
    stack = backend.stacks.get(name_or_stack_id)
    if stack is None:  # a name: moto calls again, with each id
        original(backend, name_or_stack_id)
        return
    try:
        original(backend, name_or_stack_id)
    except Exception as error:
        _log.info("%s cannot be deleted", stack.name, exc_info=True)
        backend.stacks[name_or_stack_id] = stack
        _tell(stack, "DELETE_FAILED", str(error))


def _end_creation(stack: "Stack", error: Exception) -> None:
    reason = _tell_of_resource(stack, "CREATE_FAILED", error)
    stack.output_map = type(stack.output_map)(stack.resource_map, {}, stack.stack_id)
    if _KEEPING.get():
        _tell(stack, "CREATE_FAILED", reason)
        return
    _tell(stack, "ROLLBACK_IN_PROGRESS", reason)
    try:
        stack.resource_map.delete()
    except Exception as undeletable:
        _tell(stack, "ROLLBACK_FAILED", f"{reason} {undeletable}")
    else:
        _tell(stack, "ROLLBACK_COMPLETE", reason)


def _end_update(stack: "Stack", error: Exception) -> None:
    _tell(stack, "UPDATE_FAILED", _tell_of_resource(stack, "UPDATE_FAILED", error))


def _tell_of_resource(stack: "Stack", status: str, error: Exception) -> str:
    """Add the event of the resource that failed; return the reason of the stack."""
    if not isinstance(error, ResourceFailedError):
        return str(error)
    from moto.cloudformation.models import Event  # noqa: PLC0415 (see engine)

    event = Event(
        stack_id=stack.stack_id,
        stack_name=stack.name,
        logical_resource_id=error.name,
        physical_resource_id="",
        resource_type=error.kind,
        resource_status=status,
        resource_status_reason=error.reason,
        resource_properties=None,
    )
    stack.events.append(event)
    verb = status.partition("_")[0].lower()
    return f"The following resource(s) failed to {verb}: [{error.name}]. {error.reason}"


def _tell(stack: "Stack", status: str, reason: str) -> None:
    stack.status = status
    stack.stack_status_reason = reason  # type: ignore[attr-defined]
    with suppress(Exception):  # a topic that is told and is not there
        stack._add_stack_event(status, resource_status_reason=reason)


def _named(backend: "CloudFormationBackend", name: str) -> "Stack | None":
    return next((stack for stack in backend.stacks.values() if stack.name == name), None)


def _refuse_update(stack: "Stack") -> None:
    if stack.status in _NOT_UPDATABLE:
        message = f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated."
        _refuse(stack, "ValidationError", message)


def _refuse(stack: "Stack", code: str, message: str) -> None:
    """Refuse the call, and tell what went wrong before; AWS leaves that to DescribeStacks."""
    from moto.cloudformation.exceptions import CloudFormationError  # noqa: PLC0415 (see engine)

    reason = getattr(stack, "stack_status_reason", "")
    raise CloudFormationError(code, f"{message} ({stack.status}: {reason})" if reason else message)


def _if_it_can_be_told(told: Any, otherwise: Any) -> Any:
    def tell(stack: "Stack") -> Any:
        try:
            return told.fget(stack)
        except Exception:
            if stack.status in _BEING_MADE:  # by telling: the creation has failed
                raise
            _log.warning("the outputs of %s cannot be told", stack.name, exc_info=True)
            return otherwise

    return tell


def _made(stack: "Stack") -> Iterable[Any]:
    made, names = stack.resource_map._parsed_resources, stack.resource_map.resources
    return [made[name] for name in names if made.get(name) is not None]
