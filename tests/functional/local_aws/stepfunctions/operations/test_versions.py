"""Versions and aliases through boto3, and executions that are started by them."""

import json
from typing import Any

from tests.support.waiting import eventually


def says(word: str) -> dict[str, Any]:
    return {"Type": "Pass", "Result": word, "End": True}


def definition(word: str) -> str:
    return json.dumps({"StartAt": "Only", "States": {"Only": says(word)}})


def output(states: Any, started: dict[str, Any]) -> Any:
    def look() -> Any:
        told = states.describe_execution(executionArn=started["executionArn"])
        return None if told["status"] == "RUNNING" else told

    return eventually(look)


def versions(states: Any, arn: str, **page: Any) -> list[str]:
    listed = states.list_state_machine_versions(stateMachineArn=arn, **page)
    return [each["stateMachineVersionArn"] for each in listed["stateMachineVersions"]]


def test_a_revision_is_published_once(states: Any, make: Any, refused: Any) -> None:
    made = make(says("one"), publish=True, versionDescription="the first")
    arn = made["stateMachineArn"]
    assert made["stateMachineVersionArn"] == f"{arn}:1"
    again = states.publish_state_machine_version(stateMachineArn=arn, revisionId="INITIAL")
    assert again["stateMachineVersionArn"] == f"{arn}:1"

    updated = states.update_state_machine(stateMachineArn=arn, definition=definition("two"))
    second = states.publish_state_machine_version(
        stateMachineArn=arn, revisionId=updated["revisionId"], description="the second"
    )

    assert second["stateMachineVersionArn"] == f"{arn}:2"
    assert versions(states, arn) == [f"{arn}:2", f"{arn}:1"]
    whole = states.describe_state_machine(stateMachineArn=arn)
    assert whole["revisionId"] == updated["revisionId"]
    assert whole["loggingConfiguration"] == {"level": "OFF", "includeExecutionData": False}
    first = states.describe_state_machine(stateMachineArn=f"{arn}:1")
    assert (first["description"], "revisionId" in first) == ("the first", False)
    assert first["definition"] == definition("one")
    code, said = refused("publish_state_machine_version", stateMachineArn=arn, revisionId="INITIAL")
    assert code == "ConflictException"
    assert said.endswith(f"The current State Machine revision is {updated['revisionId']}.")


def test_versions_are_paged(states: Any, make: Any) -> None:
    arn = make(says("1"), publish=True)["stateMachineArn"]
    for word in ("2", "3"):
        states.update_state_machine(stateMachineArn=arn, definition=definition(word), publish=True)

    first = states.list_state_machine_versions(stateMachineArn=arn, maxResults=2)

    assert len(first["stateMachineVersions"]) == 2
    assert versions(states, arn, maxResults=2, nextToken=first["nextToken"]) == [f"{arn}:1"]


def test_an_execution_starts_by_a_version_and_by_an_alias(states: Any, make: Any) -> None:
    arn = make(says("one"), publish=True)["stateMachineArn"]
    states.update_state_machine(stateMachineArn=arn, definition=definition("two"), publish=True)
    states.update_state_machine(stateMachineArn=arn, definition=definition("three"))
    routes = [
        {"stateMachineVersionArn": f"{arn}:1", "weight": 0},
        {"stateMachineVersionArn": f"{arn}:2", "weight": 100},
    ]
    alias = states.create_state_machine_alias(name="live", routingConfiguration=routes)

    by_version = output(states, states.start_execution(stateMachineArn=f"{arn}:1", name="a"))
    by_alias = output(
        states, states.start_execution(stateMachineArn=alias["stateMachineAliasArn"], name="b")
    )
    by_machine = output(states, states.start_execution(stateMachineArn=arn, name="c"))

    assert [json.loads(each["output"]) for each in (by_version, by_alias, by_machine)] == [
        *("one", "two", "three")
    ]
    assert {each["stateMachineArn"] for each in (by_version, by_alias, by_machine)} == {arn}
    assert by_version["stateMachineVersionArn"] == f"{arn}:1"
    assert "stateMachineAliasArn" not in by_version
    assert by_alias["stateMachineVersionArn"] == f"{arn}:2"
    assert by_alias["stateMachineAliasArn"] == f"{arn}:live"
    assert "stateMachineVersionArn" not in by_machine
    listed = states.list_executions(stateMachineArn=f"{arn}:live")["executions"]
    assert [each["name"] for each in listed] == ["b"]
    assert listed[0]["stateMachineArn"] == arn
    assert len(states.list_executions(stateMachineArn=arn)["executions"]) == 3


def test_what_an_alias_names_is_kept(states: Any, make: Any, refused: Any) -> None:
    arn = make(says("one"), publish=True)["stateMachineArn"]
    whole = [{"stateMachineVersionArn": f"{arn}:1", "weight": 100}]
    given = {"name": "live", "routingConfiguration": whole}
    alias = states.create_state_machine_alias(**given)["stateMachineAliasArn"]
    assert states.create_state_machine_alias(**given)["stateMachineAliasArn"] == alias

    other = refused("create_state_machine_alias", **given, description="another")
    deleted = refused("delete_state_machine_version", stateMachineVersionArn=f"{arn}:1")

    assert other[0] == "ConflictException"
    assert deleted == (
        "ConflictException",
        "Version to be deleted must not be referenced by an alias. "
        "Current list of aliases referencing this version: [live]",
    )
    states.delete_state_machine_alias(stateMachineAliasArn=alias)
    states.delete_state_machine_alias(stateMachineAliasArn=alias)
    states.delete_state_machine_version(stateMachineVersionArn=f"{arn}:1")
    states.delete_state_machine_version(stateMachineVersionArn=f"{arn}:1")
    assert versions(states, arn) == []
    missing = refused("describe_state_machine_alias", stateMachineAliasArn=alias)
    assert missing[0] == "ResourceNotFound"
    started = refused("start_execution", stateMachineArn=f"{arn}:1")
    assert started == ("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}:1'")


def test_routes_that_lead_nowhere_are_refused(states: Any, make: Any, refused: Any) -> None:
    arn = make(says("one"), publish=True)["stateMachineArn"]

    def said(*routes: tuple[str, int]) -> tuple[str, str]:
        given = [{"stateMachineVersionArn": one, "weight": weight} for one, weight in routes]
        answer: tuple[str, str] = refused(
            "create_state_machine_alias", name="live", routingConfiguration=given
        )
        return answer

    assert said((arn, 100)) == (
        "ValidationException",
        f"Routing configuration must contain state machine version ARNs. Received: [{arn}]",
    )
    assert said((f"{arn}:1", 99))[1].endswith("must equal 100. Received: [99]")
    assert "distinct" in said((f"{arn}:1", 50), (f"{arn}:1", 50))[1]
    assert said((f"{arn}:9", 100))[0] == "ResourceNotFound"
    nothing = refused("update_state_machine_alias", stateMachineAliasArn=f"{arn}:live")
    assert nothing[0] == "MissingRequiredParameter"
    assert refused("list_state_machine_versions", stateMachineArn=f"{arn}:1")[0] == "InvalidArn"
