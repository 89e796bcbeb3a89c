"""State machines act with their role, and Step Functions asks of it what AWS asks."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from local_aws.client import EmbeddedAws
from tests.functional.conftest import Deploy
from tests.functional.events import Queue, Rules, function_arn
from tests.functional.sagemaker_requests import Account, training, unique
from tests.support.killable import KillableAws
from tests.support.roles import ACCOUNT, acting_as, allow, deny, grant, make_role
from tests.support.waiting import eventually

RULE = f"arn:aws:events:us-east-1:{ACCOUNT}:rule/StepFunctionsGetEventsForSageMakerTrainingJobsRule"
MANAGED_RULE = allow(["events:PutTargets", "events:PutRule", "events:DescribeRule"], RULE)
ANSWERS = """
def handler(event, context):
    return "answered"
"""


@pytest.fixture
def states(embedded_aws: EmbeddedAws) -> Any:
    return embedded_aws.client("stepfunctions")


@pytest.fixture(scope="module")
def account(embedded_aws: EmbeddedAws) -> Account:
    return Account(embedded_aws)


@pytest.fixture
def narrow(embedded_aws: EmbeddedAws) -> str:
    """A role that may do nothing yet."""
    return make_role(embedded_aws)


def create(states: Any, role: str, state: dict[str, Any], **more: Any) -> str:
    definition = {"StartAt": "Only", "States": {"Only": {"End": True, **state}}}
    created = states.create_state_machine(
        name=unique("held"), definition=json.dumps(definition), roleArn=role, **more
    )
    return str(created["stateMachineArn"])


def ended(states: Any, machine: str) -> Any:
    """Run the machine; return what DescribeExecution says at the end."""
    execution = states.start_execution(stateMachineArn=machine)["executionArn"]

    def description() -> Any:
        told = states.describe_execution(executionArn=execution)
        return None if told["status"] == "RUNNING" else told

    return eventually(description)


def invoking(name: str) -> dict[str, Any]:
    parameters = {"FunctionName": name, "Payload": {}}
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": parameters,
        "OutputPath": "$.Payload",
    }


def job(account: Account, **more: Any) -> dict[str, Any]:
    request = training(unique("held"), account.uri("models"), "true", **more)
    resource = "arn:aws:states:::sagemaker:createTrainingJob.sync"
    return {"Type": "Task", "Resource": resource, "Parameters": request}


def test_a_task_may_do_what_the_role_may(
    embedded_aws: EmbeddedAws, states: Any, deploy: Deploy, narrow: str
) -> None:
    name = deploy(ANSWERS)
    machine = create(states, narrow, invoking(name))

    denied = ended(states, machine)
    grant(embedded_aws, narrow, allow("lambda:InvokeFunction", function_arn(name)))
    allowed = ended(states, machine)

    assert denied["status"] == "FAILED"
    assert denied["error"] == "Lambda.AWSLambdaException"
    assert f":assumed-role/{narrow.rpartition('/')[2]}/" in denied["cause"]
    assert (
        f"is not authorized to perform: lambda:InvokeFunction on resource: {function_arn(name)} "
        "because no identity-based policy allows the lambda:InvokeFunction action"
    ) in denied["cause"]
    assert json.loads(allowed["output"]) == "answered"


def test_a_task_of_the_sdk_integration_is_held_too(states: Any, narrow: str) -> None:
    state = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sqs:listQueues"}

    told = ended(states, create(states, narrow, state))

    assert told["status"] == "FAILED"
    assert "sqs:ListQueues on resource: *" in told["cause"]


@pytest.mark.parametrize("missing", MANAGED_RULE["Action"])
def test_a_sync_job_needs_the_rights_to_the_managed_rule(
    embedded_aws: EmbeddedAws, states: Any, account: Account, narrow: str, missing: str
) -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html"""
    actions = [action for action in MANAGED_RULE["Action"] if action != missing]
    grant(embedded_aws, narrow, allow(actions, RULE))

    with pytest.raises(ClientError) as error:
        create(states, narrow, job(account))

    assert error.value.response["Error"]["Code"] == "AccessDeniedException"
    assert error.value.response["Error"]["Message"] == (
        f"'{narrow}' is not authorized to create managed-rule."
    )
    grant(embedded_aws, narrow, MANAGED_RULE)
    machine = create(states, narrow, job(account))
    grant(embedded_aws, narrow)
    with pytest.raises(ClientError, match="managed-rule"):
        states.update_state_machine(stateMachineArn=machine, roleArn=narrow)


def test_each_right_of_a_sync_job_is_needed(
    embedded_aws: EmbeddedAws, states: Any, account: Account, narrow: str
) -> None:
    passed = make_role(embedded_aws, allow("*"))
    jobs = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:training-job/held-*"
    rights = [
        allow("sagemaker:CreateTrainingJob", jobs),
        allow("sagemaker:DescribeTrainingJob", jobs),
        allow("sagemaker:ListTags", jobs),
        allow("sagemaker:AddTags", jobs),
        allow(
            "iam:PassRole",
            passed,
            Condition={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
        ),
    ]

    for number, missing in enumerate(rights):
        state = job(account, RoleArn=passed)
        grant(embedded_aws, narrow, MANAGED_RULE, *rights[:number], *rights[number + 1 :])
        told = ended(states, create(states, narrow, state))
        assert told["status"] == "FAILED"
        assert f"perform: {missing['Action']} on resource" in told["cause"]
        assert told["error"] == "SageMaker.AmazonSageMakerException"

    grant(embedded_aws, narrow, MANAGED_RULE, *rights)
    told = ended(states, create(states, narrow, job(account, RoleArn=passed)))
    assert json.loads(told["output"])["Tags"] == {
        "AWS_STEP_FUNCTIONS_EXECUTION_ARN": told["executionArn"],
        "MANAGED_BY_AWS": "STARTED_BY_STEP_FUNCTIONS",
    }


@pytest.mark.parametrize("may_stop", [True, False])
def test_a_stopped_execution_stops_its_job_if_the_role_may(
    embedded_aws: EmbeddedAws, states: Any, account: Account, narrow: str, may_stop: bool
) -> None:
    grant(embedded_aws, narrow, allow("*"), *([] if may_stop else [deny("sagemaker:StopTr*")]))
    state = job(account)
    name = state["Parameters"]["TrainingJobName"]
    entry = ["/bin/bash", "-ec", "echo up; while true; do sleep 0.1; done"]
    state["Parameters"]["AlgorithmSpecification"]["ContainerEntrypoint"] = entry
    machine = create(states, narrow, state)
    execution = states.start_execution(stateMachineArn=machine)["executionArn"]
    eventually(lambda: "up" in account.job_log(name))

    states.stop_execution(executionArn=execution)

    if may_stop:
        assert account.ended_training(name)["TrainingJobStatus"] == "Stopped"
    else:
        told = f"perform: sagemaker:StopTrainingJob on resource: {_arn(name)}"
        log = embedded_aws.data_folder / "server.log"
        eventually(lambda: told in log.read_text())
        described = account.sagemaker.describe_training_job(TrainingJobName=name)
        assert described["TrainingJobStatus"] == "InProgress"
        account.sagemaker.stop_training_job(TrainingJobName=name)


def _arn(job_name: str) -> str:
    return f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:training-job/{job_name}"


def test_step_functions_must_be_let_to_assume_the_role(
    embedded_aws: EmbeddedAws, states: Any, narrow: str
) -> None:
    for role in (
        f"arn:aws:iam::{ACCOUNT}:role/not-there",
        make_role(embedded_aws, services=("lambda",)),
    ):
        with pytest.raises(ClientError, match="authorized to assume the provided role") as error:
            create(states, role, {"Type": "Pass"})
        assert error.value.response["Error"]["Code"] == "AccessDeniedException"
        machine = create(states, narrow, {"Type": "Pass"})
        with pytest.raises(ClientError, match="authorized to assume the provided role"):
            states.update_state_machine(stateMachineArn=machine, roleArn=role)


def test_who_creates_a_machine_passes_its_role(embedded_aws: EmbeddedAws, narrow: str) -> None:
    passed = make_role(embedded_aws)
    states = acting_as(embedded_aws, narrow, "stepfunctions")
    creating = allow("states:CreateStateMachine")
    to_states = {"StringEquals": {"iam:PassedToService": "states.amazonaws.com"}}

    grant(embedded_aws, narrow, creating)
    with pytest.raises(ClientError, match=f"iam:PassRole on resource: {passed}"):
        create(states, passed, {"Type": "Pass"})
    grant(embedded_aws, narrow, creating, allow("iam:PassRole", passed, Condition=to_states))
    create(states, passed, {"Type": "Pass"})


def test_a_rule_starts_a_machine_with_the_rights_of_its_role(
    embedded_aws: EmbeddedAws, states: Any, narrow: str, rules: Rules, queue: Queue
) -> None:
    machine = create(states, make_role(embedded_aws), {"Type": "Pass"})
    source = unique("source")
    target = {"Arn": machine, "RoleArn": narrow, "DeadLetterConfig": {"Arn": queue.arn}}
    rules.put(target, pattern={"source": [source]})
    entry = {"Source": source, "DetailType": "test", "Detail": "{}"}

    rules.events.put_events(Entries=[entry])
    attributes = queue.messages()[0]["MessageAttributes"]
    grant(embedded_aws, narrow, allow("states:StartExecution", machine))
    rules.events.put_events(Entries=[entry])

    assert attributes["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"
    eventually(lambda: states.list_executions(stateMachineArn=machine)["executions"])


def test_a_rules_role_must_trust_eventbridge(embedded_aws: EmbeddedAws, rules: Rules) -> None:
    role = make_role(embedded_aws, services=("states",))
    machine = f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:m"

    with pytest.raises(ClientError, match="cannot be assumed by principal 'events"):
        rules.put({"Arn": machine, "RoleArn": role}, pattern={"source": ["s"]})


DELIVERING = [
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
]
TRACING = [
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
]


def logging_to(group: str, level: str, *, data: bool = False) -> dict[str, Any]:
    arn = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:{group}:*"
    return {
        "level": level,
        "includeExecutionData": data,
        "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": arn}}],
    }


@pytest.fixture
def group(embedded_aws: EmbeddedAws) -> str:
    name = f"/aws/vendedlogs/states/{unique('held')}"
    embedded_aws.client("logs").create_log_group(logGroupName=name)
    return name


def lines(aws: EmbeddedAws, group: str) -> list[Any]:
    """Return what is in the group, by the name of its one stream and the order of its events."""
    logs = aws.client("logs")
    streams = logs.describe_log_streams(logGroupName=group)["logStreams"]
    return [
        {**json.loads(event["message"]), "stream": stream["logStreamName"]}
        for stream in streams
        for event in logs.get_log_events(
            logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True
        )["events"]
    ]


@pytest.mark.parametrize("missing", DELIVERING)
def test_a_machine_that_logs_needs_the_rights_to_deliver(
    embedded_aws: EmbeddedAws, states: Any, narrow: str, group: str, missing: str
) -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html"""
    grant(embedded_aws, narrow, allow([action for action in DELIVERING if action != missing]))
    machine = create(states, narrow, {"Type": "Pass"})
    asked = logging_to(group, "ALL")

    with pytest.raises(ClientError, match="not authorized to access the Log Destination") as error:
        create(states, narrow, {"Type": "Pass"}, loggingConfiguration=asked)
    assert error.value.response["Error"]["Code"] == "AccessDeniedException"
    with pytest.raises(ClientError, match="not authorized to access the Log Destination"):
        states.update_state_machine(stateMachineArn=machine, loggingConfiguration=asked)

    grant(embedded_aws, narrow, allow(DELIVERING))
    states.update_state_machine(stateMachineArn=machine, loggingConfiguration=asked)


@pytest.mark.parametrize("data", [False, True])
def test_the_history_is_logged(
    embedded_aws: EmbeddedAws, states: Any, narrow: str, group: str, data: bool
) -> None:
    grant(embedded_aws, narrow, allow(DELIVERING))
    asked = logging_to(group, "ALL", data=data)
    machine = create(states, narrow, {"Type": "Pass"}, loggingConfiguration=asked)

    execution = ended(states, machine)

    logged = lines(embedded_aws, group)
    history = states.get_execution_history(executionArn=execution["executionArn"])["events"]
    assert [(int(line["id"]), line["type"]) for line in logged] == [
        (event["id"], event["type"]) for event in history
    ]
    assert logged[0]["stream"].startswith(f"states/{machine.rpartition(':')[2]}/")
    assert {line["execution_arn"] for line in logged} == {execution["executionArn"]}
    assert logged[0]["previous_event_id"] == logged[0]["redrive_count"] == "0"
    assert int(logged[0]["event_timestamp"]) >= int(execution["startDate"].timestamp() * 1000)
    assert ("input" in logged[0]["details"]) is data


def test_a_level_of_errors_logs_only_those(
    embedded_aws: EmbeddedAws, states: Any, narrow: str, group: str
) -> None:
    grant(embedded_aws, narrow, allow(DELIVERING))
    asked = logging_to(group, "ERROR")
    failing = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sqs:listQueues"}

    ended(states, create(states, narrow, {"Type": "Pass"}, loggingConfiguration=asked))
    assert lines(embedded_aws, group) == []
    ended(states, create(states, narrow, failing, loggingConfiguration=asked))

    assert [line["type"] for line in lines(embedded_aws, group)] == [
        "TaskFailed",
        "ExecutionFailed",
    ]


def traced(aws: EmbeddedAws, states: Any, role: str) -> list[Any]:
    """Run a machine that is traced; return the segments of its trace."""
    machine = create(states, role, {"Type": "Pass"}, tracingConfiguration={"enabled": True})
    trace = f"1-{int(time.time()):08x}-{uuid4().hex[:24]}"
    execution = states.start_execution(
        stateMachineArn=machine, traceHeader=f"Root={trace};Sampled=1"
    )["executionArn"]
    eventually(
        lambda: states.describe_execution(executionArn=execution)["status"] == "SUCCEEDED",
        timeout=30,
    )
    traces = aws.client("xray").batch_get_traces(TraceIds=[trace])["Traces"]
    return [json.loads(each["Document"]) for found in traces for each in found["Segments"]]


@pytest.mark.parametrize("missing", TRACING)
def test_without_a_right_to_trace_a_machine_runs_and_leaves_none(
    embedded_aws: EmbeddedAws, states: Any, narrow: str, missing: str
) -> None:
    grant(embedded_aws, narrow, allow([action for action in TRACING if action != missing]))
    assert traced(embedded_aws, states, narrow) == []


def test_a_traced_machine_leaves_a_segment(
    embedded_aws: EmbeddedAws, states: Any, narrow: str
) -> None:
    grant(embedded_aws, narrow, allow(TRACING))

    [segment] = traced(embedded_aws, states, narrow)

    assert segment["origin"] == "AWS::StepFunctions::StateMachine"
    assert segment["end_time"] >= segment["start_time"]
    assert not segment["fault"]


@pytest.fixture
def restarted(tmp_path: Path) -> Iterator[KillableAws]:
    with KillableAws(tmp_path) as server:
        yield server


def test_assumed_credentials_survive_the_server(restarted: KillableAws) -> None:
    role = make_role(restarted, allow("sqs:ListQueues"))
    sqs = acting_as(restarted, role, "sqs")
    sqs.list_queues()

    restarted.kill()
    restarted.start_again()

    sqs.list_queues()
    with pytest.raises(ClientError, match="sqs:CreateQueue"):
        sqs.create_queue(QueueName="q")
