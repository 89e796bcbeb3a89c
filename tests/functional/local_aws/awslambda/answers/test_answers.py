"""What Lambda tells of functions, aliases and the account, through boto3."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from local_aws.client import EmbeddedAws
from tests.functional.conftest import Deploy, zipped

SOURCE = "def handler(event, context):\n    return context.function_version\n"


@pytest.fixture
def lambdas(embedded_aws: EmbeddedAws) -> Any:
    return embedded_aws.client("lambda")


def test_a_function_is_pending_and_then_active(lambdas: Any, role: str) -> None:
    name = f"function-{uuid4().hex[:8]}"
    made = lambdas.create_function(
        FunctionName=name,
        Role=role,
        Runtime="python3.11",
        Handler="app.handler",
        Code={"ZipFile": zipped(app=SOURCE)},
    )
    UUID(made["ResponseMetadata"]["RequestId"])
    UUID(made["RevisionId"])
    assert (made["State"], made["StateReasonCode"]) == ("Pending", "Creating")
    assert made["LoggingConfig"] == {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"}
    assert "::runtime:" in made["RuntimeVersionConfig"]["RuntimeVersionArn"]
    assert "Layers" not in made

    found = lambdas.get_function_configuration(FunctionName=name)
    assert found["State"] == "Active"
    assert (
        found["RevisionId"] == lambdas.get_function_configuration(FunctionName=name)["RevisionId"]
    )
    changed = lambdas.update_function_configuration(FunctionName=name, Timeout=9)
    assert changed["RevisionId"] != found["RevisionId"]
    lambdas.delete_function(FunctionName=name)


def test_the_account_tells_its_limits_and_what_is_used(lambdas: Any, deploy: Deploy) -> None:
    before = lambdas.get_account_settings()["AccountUsage"]
    lambdas.put_function_concurrency(FunctionName=deploy(SOURCE), ReservedConcurrentExecutions=10)

    told = lambdas.get_account_settings()
    assert told["AccountLimit"]["ConcurrentExecutions"] == 1000
    assert told["AccountLimit"]["UnreservedConcurrentExecutions"] <= 990
    assert told["AccountUsage"]["FunctionCount"] == before["FunctionCount"] + 1
    assert told["AccountUsage"]["TotalCodeSize"] > before["TotalCodeSize"]


@pytest.mark.parametrize(("weight", "version"), [(1.0, "2"), (0.0, "1")])
def test_an_alias_sends_by_its_weights(
    lambdas: Any, deploy: Deploy, weight: float, version: str
) -> None:
    name = deploy(SOURCE)
    lambdas.publish_version(FunctionName=name)
    lambdas.update_function_configuration(FunctionName=name, Timeout=9)
    lambdas.publish_version(FunctionName=name)
    weights = {"AdditionalVersionWeights": {"2": weight}}
    lambdas.create_alias(FunctionName=name, Name="live", FunctionVersion="1", RoutingConfig=weights)

    answer = lambdas.invoke(FunctionName=name, Qualifier="live")

    assert answer["ExecutedVersion"] == version
    assert json.loads(answer["Payload"].read()) == version
