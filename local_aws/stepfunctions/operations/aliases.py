"""Aliases of state machines: moto keeps them, and takes routes and names that AWS refuses.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachineAlias.html
https://docs.aws.amazon.com/step-functions/latest/apireference/API_UpdateStateMachineAlias.html
https://docs.aws.amazon.com/step-functions/latest/apireference/API_DeleteStateMachineAlias.html
"""

import json
from typing import Any

from moto.core.exceptions import AWSError
from moto.stepfunctions.exceptions import InvalidArn, ValidationException
from moto.stepfunctions.models import StepFunctionBackend
from moto.stepfunctions.parser.api import MissingRequiredParameter
from moto.stepfunctions.responses import StepFunctionResponse

from local_aws.stepfunctions.operations.targets import Target, machine_of, target_of
from local_aws.stepfunctions.operations.versions import ConflictException
from local_aws.wrapping import Original, replace, wrap

Routes = list[dict[str, Any]]
_ALL = 100


class ResourceNotFound(AWSError):
    """An alias, or a version that an alias is to name, is not there."""

    TYPE = "ResourceNotFound"


def install() -> None:
    """Hold aliases to AWS's rules; moto checks their routes in its answering class."""
    replace(StepFunctionResponse, _validate_routing_configuration=_leave_to_backend)
    wrap(StepFunctionBackend, "create_state_machine_alias", _create)
    wrap(StepFunctionBackend, "update_state_machine_alias", _update)
    wrap(StepFunctionResponse, "update_state_machine_alias", _answer_update)
    replace(
        StepFunctionBackend,
        describe_state_machine_alias=_find,
        delete_state_machine_alias=_delete,
    )
    wrap(StepFunctionBackend, "list_state_machine_aliases", _list)


def _leave_to_backend(_response: StepFunctionResponse, _routes: Routes) -> None:
    """What a route names is known to the backend alone."""


def problem_with(routes: Routes) -> str:
    """Return why AWS refuses the routes, whatever they name; empty if it takes them."""
    arns = [route["stateMachineVersionArn"] for route in routes]
    weights = [route["weight"] for route in routes]
    if len(set(arns)) < len(arns):
        told = f"[{', '.join(arns)}]"
        return (
            "Routing configuration must contain distinct state machine version ARNs. "
            f"Received: {told}"
        )
    if sum(weights) != _ALL:
        return (
            f"Sum of routing configuration weights must equal 100. Received: {json.dumps(weights)}"
        )
    if not all(target_of(arn).is_version for arn in arns):
        told = f"[{', '.join(arns)}]"
        return f"Routing configuration must contain state machine version ARNs. Received: {told}"
    if len({target_of(arn).machine for arn in arns}) > 1:
        return "Routing configuration must contain versions of the same state machine."
    return ""


def _check(backend: Any, routes: Routes) -> None:
    if problem := problem_with(routes):
        raise ValidationException(problem)
    for route in routes:
        target = target_of(route["stateMachineVersionArn"])
        if int(target.qualifier) not in machine_of(backend, target).versions:
            raise _not_found()


def _create(
    original: Original, backend: Any, name: str, routes: Routes, description: str | None
) -> Any:
    """Of two aliases that are the same AWS makes one."""
    _check(backend, routes)
    target = target_of(routes[0]["stateMachineVersionArn"])
    known = machine_of(backend, target).aliases.get(name)
    if known is None:
        return original(backend, name, routes, description)
    if (known.routing_configuration, known.description) != (routes, description):
        raise ConflictException(
            "Failed to create alias because an alias with the same name and a different "
            "routing configuration already exists."
        )
    return known


def _update(
    original: Original,
    backend: Any,
    arn: str,
    description: str | None,
    routing_configuration: Routes | None,
) -> Any:
    if routing_configuration is not None:
        _check(backend, routing_configuration)
    return original(
        backend, arn=arn, description=description, routing_configuration=routing_configuration
    )


def _answer_update(original: Original, response: StepFunctionResponse) -> Any:
    given = ("description", "routingConfiguration")
    if all(response._get_param(name) is None for name in given):
        raise MissingRequiredParameter(
            "Either the description or the RoutingConfiguration must be specified"
        )
    return original(response)


def _find(backend: Any, arn: str) -> Any:
    found = machine_of(backend, target := _target(arn)).aliases.get(target.qualifier)
    if found is None:
        raise _not_found()
    return found


def _delete(backend: Any, arn: str) -> None:
    """Delete an alias; AWS says nothing of one that is not there."""
    target = _target(arn)
    for machine in (each for each in backend.state_machines if each.arn == target.machine):
        machine.aliases.pop(target.qualifier, None)


def _list(original: Original, backend: Any, arn: str, **page: Any) -> Any:
    if target_of(arn).qualifier:
        raise InvalidArn(f"Invalid arn: {arn}")
    return original(backend, arn=arn, **page)


def _target(arn: str) -> Target:
    target = target_of(arn)
    if not target.qualifier or target.is_version:
        raise InvalidArn(f"Invalid arn: '{arn}'")
    return target


def _not_found() -> ResourceNotFound:
    return ResourceNotFound("Request references a resource that does not exist.")
