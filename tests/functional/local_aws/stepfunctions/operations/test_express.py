"""EXPRESS machines: synchronous executions, ARNs of their own, and what is not for them."""

import json
import os
import re
import subprocess
import sys
from typing import Any

import pytest

from local_aws.client import EmbeddedAws

FAILS = {"Type": "Fail", "Error": "Own.Error", "Cause": "because"}
ECHO = {"Type": "Pass", "End": True}
SCRIPT = """
import boto3, sys
print(boto3.client("stepfunctions").start_sync_execution(stateMachineArn=sys.argv[1])["status"])
"""


def test_a_synchronous_execution_is_answered_when_it_has_ended(states: Any, make: Any) -> None:
    arn = make(ECHO, type="EXPRESS")["stateMachineArn"]

    told = states.start_sync_execution(stateMachineArn=arn, name="mine", input='{"a": [1]}')

    assert (told["status"], told["name"], told["input"]) == ("SUCCEEDED", "mine", '{"a": [1]}')
    assert json.loads(told["output"]) == {"a": [1]}
    assert told["billingDetails"]["billedMemoryUsedInMB"] == 64
    assert told["startDate"] <= told["stopDate"]
    prefix = arn.replace(":stateMachine:", ":express:")
    assert re.fullmatch(re.escape(f"{prefix}:mine:") + r"[0-9a-f-]{36}", told["executionArn"])


def test_a_synchronous_execution_that_fails_is_no_error_of_the_call(states: Any, make: Any) -> None:
    arn = make(FAILS, type="EXPRESS", publish=True)["stateMachineVersionArn"]

    told = states.start_sync_execution(stateMachineArn=arn)

    assert (told["status"], told["error"], told["cause"]) == ("FAILED", "Own.Error", "because")
    assert "output" not in told


def test_a_client_by_environment_reaches_the_host_that_has_no_prefix(
    embedded_aws: EmbeddedAws, make: Any
) -> None:
    arn = make(ECHO, type="EXPRESS")["stateMachineArn"]
    environment = {"PATH": os.environ["PATH"], **embedded_aws.environment()}

    told = subprocess.run(
        [sys.executable, "-c", SCRIPT, arn],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )

    assert told.stdout == "SUCCEEDED\n"


def test_a_name_may_be_used_again(states: Any, make: Any) -> None:
    arn = make(ECHO, type="EXPRESS")["stateMachineArn"]

    started = [states.start_execution(stateMachineArn=arn, name="same") for _ in range(2)]

    first, second = (each["executionArn"] for each in started)
    assert first != second
    assert ":express:" in first


@pytest.mark.parametrize(
    "operation", ["describe_execution", "get_execution_history", "stop_execution"]
)
def test_an_express_execution_is_not_described(
    states: Any, make: Any, refused: Any, operation: str
) -> None:
    arn = make(ECHO, type="EXPRESS")["stateMachineArn"]
    execution = states.start_execution(stateMachineArn=arn)["executionArn"]

    assert refused(operation, executionArn=execution) == (
        "InvalidArn",
        "Invalid Arn: 'Resource type not valid in this context: express'",
    )
    assert refused("list_executions", stateMachineArn=arn) == (
        "StateMachineTypeNotSupported",
        "This operation is not supported by this type of state machine",
    )


def test_a_standard_machine_runs_not_synchronously(make: Any, refused: Any) -> None:
    arn = make(ECHO)["stateMachineArn"]

    code, _ = refused("start_sync_execution", stateMachineArn=arn)

    assert code == "StateMachineTypeNotSupported"
    code, _ = refused("start_sync_execution", stateMachineArn=f"{arn}-none")
    assert code == "StateMachineDoesNotExist"
