"""What an execution will call is started when the execution starts."""

import json
import socket
from uuid import uuid4

from local_aws.awslambda.ahead import later_functions
from local_aws.client import EmbeddedAws
from tests.functional.conftest import Deploy
from tests.support.waiting import eventually

WAITS = """
import socket, time

def handler(event, context):
    while socket.socket().connect_ex(("127.0.0.1", {port})) != 0:
        time.sleep(0.02)
"""
TELLS = """
import socket
listening = socket.create_server(("127.0.0.1", {port}), reuse_port=True)

def handler(event, context):
    return "called"
"""


def test_a_later_function_is_ready_while_the_first_still_runs(
    embedded_aws: EmbeddedAws, deploy: Deploy, role: str
) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    first, later = deploy(WAITS.format(port=port)), deploy(TELLS.format(port=port))
    functions = [
        embedded_aws.client("lambda").get_function(FunctionName=name)["Configuration"][
            "FunctionArn"
        ]
        for name in (first, later)
    ]
    states = embedded_aws.client("stepfunctions")
    machine = states.create_state_machine(
        name=f"ahead-{uuid4().hex[:8]}", roleArn=role, definition=json.dumps(in_turn(*functions))
    )["stateMachineArn"]

    # The first one waits for the start of the later one: neither would ever end otherwise.
    execution = states.start_execution(stateMachineArn=machine)["executionArn"]
    ended = eventually(
        lambda: (
            described
            if (described := states.describe_execution(executionArn=execution))["status"]
            != "RUNNING"
            else None
        )
    )

    assert (ended["status"], json.loads(ended["output"])) == ("SUCCEEDED", "called")
    events = embedded_aws.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{later}")
    lines = [event["message"] for event in events["events"]]
    assert sum(line.startswith("INIT_START") for line in lines) == 1


def test_functions_of_later_states_are_found_by_their_arns() -> None:
    first, later = (f"arn:aws:lambda:eu-west-1:123456789012:function:{name}" for name in "ab")
    invoked = {
        "StartAt": "A",
        "States": {
            "A": {"Type": "Task", "Resource": first, "Next": "B"},
            "B": {
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke",
                "Parameters": {"FunctionName": f"{later}:live", "Payload": {"first": first}},
                "End": True,
            },
        },
    }
    assert later_functions(json.dumps(invoked)) == [f"{later}:live"]


def in_turn(first: str, later: str) -> dict[str, object]:
    """A machine that calls one function after the other."""
    return {
        "StartAt": "First",
        "States": {
            "First": {"Type": "Task", "Resource": first, "Next": "Later"},
            "Later": {"Type": "Task", "Resource": later, "End": True},
        },
    }
