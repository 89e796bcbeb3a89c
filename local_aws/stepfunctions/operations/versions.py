"""Versions of state machines: published, listed and deleted, and the revision that each is of.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_PublishStateMachineVersion.html
https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListStateMachineVersions.html
https://docs.aws.amazon.com/step-functions/latest/apireference/API_DeleteStateMachineVersion.html
"""

from typing import Any
from uuid import uuid4

from moto.core.exceptions import AWSError
from moto.core.responses import ActionResult, EmptyResult
from moto.stepfunctions.exceptions import InvalidArn
from moto.stepfunctions.models import StateMachine, StateMachineInstance
from moto.stepfunctions.parser.models import StepFunctionsParserBackend
from moto.stepfunctions.responses import StepFunctionResponse
from moto.utilities.paginator import paginate

from local_aws.stepfunctions.operations.targets import (
    Target,
    does_not_exist,
    machine_of,
    target_of,
)
from local_aws.wrapping import Original, replace, wrap

INITIAL = "INITIAL"
_CONFIGURATION = ("definition", "roleArn", "loggingConfiguration", "tracingConfiguration")
_PAGES = {
    "list_versions": {
        "input_token": "next_token",
        "limit_key": "max_results",
        "limit_default": 100,
        "unique_attribute": ["version", "arn"],
    }
}


class ConflictException(AWSError):
    """The change does not go together with what is there."""

    TYPE = "ConflictException"


def install() -> None:
    """Add the actions, and number the revisions of a machine."""
    replace(StateMachineInstance, revision_id=INITIAL)
    wrap(StateMachine, "publish", _publish)
    wrap(StateMachine, "update", _update)
    wrap(StepFunctionsParserBackend, "update_state_machine", _update_whole)
    wrap(StepFunctionResponse, "update_state_machine", _answer_update)
    wrap(StepFunctionResponse, "_describe_state_machine", _answer_describe)
    replace(
        StepFunctionResponse,
        publish_state_machine_version=_answer_publish,
        list_state_machine_versions=_answer_list,
        delete_state_machine_version=_answer_delete,
    )


def _publish(original: Original, machine: Any, description: str | None) -> None:
    """AWS publishes a revision once: to publish it again only gives the version that it has."""
    known = _version_of_revision(machine)
    if known is None:
        original(machine, description)
        machine.latest_version.revision_id = machine.revision_id
    else:
        machine.latest_version = known


def _version_of_revision(machine: Any) -> Any:
    own = (each for each in machine.versions.values() if each.revision_id == machine.revision_id)
    return next(own, None)


def _update(original: Original, machine: Any, **changes: Any) -> None:
    """A change of the configuration is a new revision."""
    before = [getattr(machine, name) for name in _CONFIGURATION]
    original(machine, **changes)
    if before != [getattr(machine, name) for name in _CONFIGURATION]:
        machine.revision_id = str(uuid4())


def _update_whole(
    original: Original, backend: StepFunctionsParserBackend, arn: str, *given: Any, **named: Any
) -> Any:
    """A version cannot be changed; that AWS says then that it is no machine is believed."""
    target = target_of(arn)
    if target.qualifier:
        raise does_not_exist(target)
    return original(backend, arn, *given, **named)


def _answer_update(original: Original, response: StepFunctionResponse) -> ActionResult:
    told: Any = original(response).result
    target = target_of(response._get_param("stateMachineArn"))
    return ActionResult({**told, **_revision(machine_of(response.stepfunction_backend, target))})


def _answer_describe(original: Original, response: StepFunctionResponse, arn: str) -> ActionResult:
    """Tell the revision, and that logs are without execution data where nobody asked for them."""
    told: Any = original(response, arn).result
    found = response.stepfunction_backend.describe_state_machine(arn)
    logging = {"level": "OFF", "includeExecutionData": False, **told["loggingConfiguration"]}
    return ActionResult({**told, "loggingConfiguration": logging, **_revision(found)})


def _revision(machine: Any) -> dict[str, str]:
    """AWS tells no id of the revision that a machine was created with."""
    return {} if machine.revision_id == INITIAL else {"revisionId": machine.revision_id}


def _answer_publish(response: StepFunctionResponse) -> ActionResult:
    target = target_of(response._get_param("stateMachineArn"))
    if target.qualifier:
        raise does_not_exist(target)
    machine = machine_of(response.stepfunction_backend, target)
    asked = response._get_param("revisionId")
    if asked not in (None, machine.revision_id):
        raise ConflictException(
            f"Failed to publish the State Machine version for revision {asked}. "
            f"The current State Machine revision is {machine.revision_id}."
        )
    machine.publish(response._get_param("description"))
    version = machine.latest_version
    return ActionResult(
        {"creationDate": version.creation_date, "stateMachineVersionArn": version.arn}
    )


def _answer_list(response: StepFunctionResponse) -> ActionResult:
    target = target_of(response._get_param("stateMachineArn"))
    if target.qualifier:
        raise InvalidArn(f"Invalid arn: {target.arn}")
    page, token = list_versions(
        machine_of(response.stepfunction_backend, target),
        max_results=response._get_int_param("maxResults") or None,
        next_token=response._get_param("nextToken"),
    )
    versions = [
        {"stateMachineVersionArn": each.arn, "creationDate": each.creation_date} for each in page
    ]
    return ActionResult({"stateMachineVersions": versions, "nextToken": token})


@paginate(_PAGES)
def list_versions(machine: Any) -> Any:
    """Return the versions of a machine, the newest first."""
    return sorted(machine.versions.values(), key=lambda each: -each.version)


def _answer_delete(response: StepFunctionResponse) -> EmptyResult:
    """Delete a version that no alias names; AWS says nothing of one that is not there."""
    target = target_of(response._get_param("stateMachineVersionArn"))
    if not target.is_version:
        raise InvalidArn(f"Invalid arn: '{target.arn}'")
    machines: Any = response.stepfunction_backend.state_machines
    for machine in (each for each in machines if each.arn == target.machine):
        _refuse_if_named(machine, target)
        machine.versions.pop(int(target.qualifier), None)
        machine.latest_version = max(
            machine.versions.values(), key=lambda each: each.version, default=None
        )
    return EmptyResult()


def _refuse_if_named(machine: Any, target: Target) -> None:
    naming = [
        alias.name
        for alias in machine.aliases.values()
        if any(route["stateMachineVersionArn"] == target.arn for route in _routes(alias))
    ]
    if naming:
        raise ConflictException(
            "Version to be deleted must not be referenced by an alias. "
            f"Current list of aliases referencing this version: [{', '.join(naming)}]"
        )


def _routes(alias: Any) -> list[dict[str, Any]]:
    return list(alias.routing_configuration)
