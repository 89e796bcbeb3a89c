"""The events that Step Functions and SageMaker emit."""

import json
from typing import Any

import pytest

from local_aws.client import EmbeddedAws
from tests.functional.events import Queue, Rules, create_machine
from tests.functional.sagemaker_requests import Account, training, unique


def heard(rules: Rules, queue: Queue, source: str, **detail: Any) -> None:
    """Have the queue hear the source's events whose detail is like that."""
    rules.put({"Arn": queue.arn}, pattern={"source": [source], "detail": detail})


@pytest.mark.parametrize(
    ("state", "facts"),
    [
        (
            {"Type": "Pass", "End": True},
            {
                "status": "SUCCEEDED",
                "output": '{"x":"é"}',
                "error": None,
                "redriveStatus": "NOT_REDRIVABLE",
                "redriveStatusReason": "Execution is SUCCEEDED and cannot be redriven",
            },
        ),
        (
            {"Type": "Fail", "Error": "Gate.Closed", "Cause": "0.1 < 0.2"},
            {"status": "FAILED", "error": "Gate.Closed", "cause": "0.1 < 0.2", "output": None},
        ),
        (
            {"Type": "Wait", "Seconds": 60, "End": True},
            {"status": "TIMED_OUT", "redriveStatus": "REDRIVABLE", "redriveStatusReason": None},
        ),
    ],
)
def test_an_execution_tells_of_its_start_and_its_end(
    embedded_aws: EmbeddedAws,
    rules: Rules,
    queue: Queue,
    state: dict[str, Any],
    facts: dict[str, Any],
) -> None:
    states = embedded_aws.client("stepfunctions")
    machine = create_machine(states, state, TimeoutSeconds=2)
    heard(rules, queue, "aws.states", stateMachineArn=[machine])

    execution = states.start_execution(stateMachineArn=machine, input='{"x": "é"}')["executionArn"]

    began, ended = queue.bodies(2)
    for event in (began, ended):
        assert event["detail-type"] == "Step Functions Execution Status Change"
        assert event["resources"] == [event["detail"]["executionArn"]] == [execution]
        assert event["detail"]["name"] == execution.rpartition(":")[2]
        assert event["detail"]["input"] == '{"x":"é"}'
        assert event["detail"]["inputDetails"] == {"included": True}
        assert event["detail"]["redriveCount"] == 0
    assert began["detail"]["status"] == "RUNNING"
    assert began["detail"]["redriveStatus"] == "NOT_REDRIVABLE"
    assert began["detail"]["redriveStatusReason"] == "Execution is RUNNING and cannot be redriven"
    described = states.describe_execution(executionArn=execution)
    assert began["detail"]["startDate"] == int(described["startDate"].timestamp() * 1000)
    assert began["detail"]["stopDate"] is None
    assert ended["detail"]["stopDate"] >= began["detail"]["startDate"]
    assert ended["detail"].items() >= facts.items()


def test_an_execution_that_is_stopped_tells_why(
    embedded_aws: EmbeddedAws, rules: Rules, queue: Queue
) -> None:
    states = embedded_aws.client("stepfunctions")
    machine = create_machine(states, {"Type": "Wait", "Seconds": 60, "End": True})
    heard(rules, queue, "aws.states", stateMachineArn=[machine], status=["ABORTED"])
    arn = states.start_execution(stateMachineArn=machine)["executionArn"]

    states.stop_execution(executionArn=arn, error="E", cause="C")

    assert queue.body()["detail"].items() >= {"error": "E", "cause": "C"}.items()


def test_an_input_that_does_not_fit_is_left_out(
    embedded_aws: EmbeddedAws, rules: Rules, queue: Queue
) -> None:
    states = embedded_aws.client("stepfunctions")
    machine = create_machine(states, {"Type": "Pass", "Result": 1, "End": True})
    heard(rules, queue, "aws.states", stateMachineArn=[machine], status=["SUCCEEDED"])

    states.start_execution(stateMachineArn=machine, input=json.dumps("x" * 254_000))

    detail = queue.body()["detail"]
    assert (detail["input"], detail["inputDetails"]) == (None, {"included": False})
    assert (detail["output"], detail["outputDetails"]) == ("1", {"included": True})


def test_a_model_package_tells_of_its_approval(
    embedded_aws: EmbeddedAws, rules: Rules, queue: Queue
) -> None:
    sagemaker = embedded_aws.client("sagemaker")
    group = unique("group")
    sagemaker.create_model_package_group(ModelPackageGroupName=group)
    heard(rules, queue, "aws.sagemaker", ModelPackageGroupName=[group])
    request = {"ModelPackageGroupName": group, "ClientToken": unique("token")}
    for _ in range(2):
        arn = sagemaker.create_model_package(**request)["ModelPackageArn"]

    sagemaker.update_model_package(
        ModelPackageArn=arn, ModelApprovalStatus="Approved", ApprovalDescription="fine"
    )

    created, approved = queue.bodies(2)
    for event in (created, approved):
        assert event["detail-type"] == "SageMaker Model Package State Change"
        assert event["resources"] == [event["detail"]["ModelPackageArn"]] == [arn]
        assert event["detail"]["ModelPackageVersion"] == 1
        assert event["detail"]["ModelPackageStatus"] == "Completed"
    assert created["detail"]["ModelApprovalStatus"] == "PendingManualApproval"
    assert approved["detail"]["ModelApprovalStatus"] == "Approved"
    assert approved["detail"]["ApprovalDescription"] == "fine"
    changed = ["ModelApprovalStatus", "ApprovalDescription"]
    assert approved["detail"]["UpdatedModelPackageFields"] == changed


def test_a_processing_job_tells_how_it_fares(
    embedded_aws: EmbeddedAws, rules: Rules, queue: Queue
) -> None:
    account = Account(embedded_aws)
    name = unique("told")
    heard(rules, queue, "aws.sagemaker", ProcessingJobName=[name])
    account.sagemaker.create_processing_job(**account.processing(name, "exit 3"))

    began, ended = queue.bodies(2)

    assert began["detail-type"] == ended["detail-type"] == "SageMaker Processing Job State Change"
    assert began["detail"]["ProcessingJobStatus"] == "InProgress"
    assert ended["detail"]["ProcessingJobStatus"] == "Failed"
    assert ended["detail"]["FailureReason"].startswith("AlgorithmError")
    assert ended["detail"]["ProcessingEndTime"] >= began["detail"]["CreationTime"] > 1e12
    assert ended["resources"] == [ended["detail"]["ProcessingJobArn"]]


def test_a_training_job_tells_of_each_secondary_status(
    embedded_aws: EmbeddedAws, rules: Rules, queue: Queue
) -> None:
    account = Account(embedded_aws)
    name = unique("told")
    heard(rules, queue, "aws.sagemaker", TrainingJobName=[name])
    account.sagemaker.create_training_job(**training(name, account.uri("models/"), "true"))

    details = [event["detail"] for event in queue.bodies(5)]

    assert [detail["SecondaryStatus"] for detail in details] == [
        "Starting",
        "Downloading",
        "Training",
        "Uploading",
        "Completed",
    ]
    assert [detail["TrainingJobStatus"] for detail in details] == [*["InProgress"] * 4, "Completed"]
    assert details[-1]["TrainingEndTime"] >= details[0]["CreationTime"]
