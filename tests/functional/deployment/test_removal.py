"""What a stage is made of is deleted when nothing needs it any more, and not with data in it."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local_aws.client import EmbeddedAws
from state_machine.deployment.ending import Jobs
from state_machine.deployment.log_groups import LogGroup
from state_machine.deployment.messaging import FailedEventsQueue
from state_machine.deployment.resource import Action, deployment_steps, removal_steps
from state_machine.deployment.state_machine import Definition, StateMachine
from state_machine.names import Names
from state_machine.sdk import sdk
from tests.functional.faults import Faults
from tests.functional.sagemaker_requests import Account, training, unique
from tests.support.roles import ROLE, allow, make_role
from tests.support.waiting import eventually

PROCESS = "arn:aws:states:::sagemaker:createProcessingJob.sync"
WAIT = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 600, "End": True}}}


@pytest.fixture(scope="module")
def account(embedded_aws: EmbeddedAws) -> Account:
    return Account(embedded_aws)


@pytest.fixture
def role(embedded_aws: EmbeddedAws) -> str:
    """A role that the jobs of no other test have."""
    return make_role(embedded_aws, allow("*"))


@pytest.fixture
def names() -> Names:
    return Names(unique("pipeline"), "dev", "123456789012", "us-east-1")


def state_machine(
    account: Account, names: Names, role: str, pause: Callable[[float], object] = time.sleep
) -> StateMachine:
    graph = sdk.Graph(sdk.Succeed("End"))
    jobs = Jobs(account.sagemaker, [role], pause)
    return StateMachine(names, Definition(lambda _: graph), account.states, jobs, pause)


def start(account: Account, names: Names, definition: dict[str, Any]) -> str:
    machine = account.states.create_state_machine(
        name=names.state_machine, definition=json.dumps(definition), roleArn=ROLE
    )["stateMachineArn"]
    return str(account.states.start_execution(stateMachineArn=machine)["executionArn"])


def status(account: Account, job: str) -> str:
    return str(
        account.sagemaker.describe_processing_job(ProcessingJobName=job)["ProcessingJobStatus"]
    )


def under_way(account: Account, job: str) -> bool:
    listed = account.sagemaker.list_processing_jobs(NameContains=job)["ProcessingJobSummaries"]
    return bool(listed) and status(account, job) == "InProgress"


@pytest.fixture
def faults(embedded_aws: EmbeddedAws) -> Iterator[Faults]:
    faults = Faults(embedded_aws)
    yield faults
    faults.clear()


@pytest.mark.parametrize("lag", ["", "stale", "lasting"])
def test_a_state_machine_goes_after_its_executions_and_their_jobs(
    account: Account, names: Names, role: str, faults: Faults, lag: str
) -> None:
    if lag:
        faults.set({"call": "*/*", "kind": lag, "seconds": 1})
    job = unique("process")
    request = account.processing(job, "sleep 600", RoleArn=role)
    state = {"Type": "Task", "Resource": PROCESS, "Parameters": request, "End": True}
    start(account, names, {"StartAt": "Job", "States": {"Job": state}})
    eventually(lambda: under_way(account, job))
    machine = state_machine(account, names, role)

    machine.delete()

    assert not machine.exists()
    assert status(account, job) == "Stopped"


def test_jobs_that_nobody_has_stopped_are_stopped_but_for_those_of_others(
    account: Account, role: str
) -> None:
    ours, training_job, others = unique("process"), unique("train"), unique("process")
    account.sagemaker.create_processing_job(**account.processing(ours, "sleep 600", RoleArn=role))
    account.sagemaker.create_training_job(
        **training(training_job, account.uri("models"), "sleep 600", RoleArn=role)
    )
    account.sagemaker.create_processing_job(**account.processing(others, "sleep 600"))
    try:
        Jobs(account.sagemaker, [role], time.sleep).end()

        assert status(account, ours) == "Stopped"
        described = account.sagemaker.describe_training_job(TrainingJobName=training_job)
        assert described["TrainingJobStatus"] == "Stopped"
        assert status(account, others) == "InProgress"
    finally:
        account.sagemaker.stop_processing_job(ProcessingJobName=others)


def test_a_state_machine_that_is_going_is_created_again_when_it_is_gone(
    account: Account, names: Names
) -> None:
    make_role(account.aws, allow("*"), name=names.role("states"))
    execution = start(account, names, WAIT)
    account.states.delete_state_machine(stateMachineArn=names.state_machine_arn)
    waited: list[float] = []

    def pause(seconds: float) -> None:
        if not waited:
            account.states.stop_execution(executionArn=execution)
        waited.append(seconds)

    machine = state_machine(account, names, ROLE, pause)
    (step,) = deployment_steps([machine])
    assert step.action is Action.CREATE
    (removal,) = removal_steps([machine], with_data=False)
    assert removal.action is Action.DELETE

    machine.create()

    assert waited
    found = account.states.describe_state_machine(stateMachineArn=names.state_machine_arn)
    assert (found["status"], list(json.loads(found["definition"])["States"])) == ("ACTIVE", ["End"])


def test_a_log_group_holds_something_as_soon_as_something_is_logged(
    account: Account, names: Names
) -> None:
    group = LogGroup(names.state_machine_log_group, "StateMachine", account.logs)
    group.create()
    assert group.holds() == ""
    for stream, held in (
        ("log_stream_created_by_aws_to_validate_log_delivery_subscriptions", ""),
        ("an execution", "logs"),
    ):
        account.logs.create_log_stream(logGroupName=group.name, logStreamName=stream)
        assert group.holds() == held


def test_a_queue_holds_the_events_that_a_replay_has_hidden(
    embedded_aws: EmbeddedAws, names: Names
) -> None:
    sqs = embedded_aws.client("sqs")
    queue = FailedEventsQueue(names, sqs)
    queue.create()
    url = sqs.get_queue_url(QueueName=queue.name)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="an event", DelaySeconds=0)
    sqs.send_message(QueueUrl=url, MessageBody="another event", DelaySeconds=600)
    received = sqs.receive_message(QueueUrl=url, VisibilityTimeout=300)["Messages"]
    assert len(received) == 1
    assert queue.holds() == "2 failed events"


def test_a_queue_holds_an_event_that_is_not_counted_yet(
    embedded_aws: EmbeddedAws, names: Names, faults: Faults
) -> None:
    sqs = embedded_aws.client("sqs")
    queue = FailedEventsQueue(names, sqs)
    queue.create()
    assert queue.holds() == ""
    url = sqs.get_queue_url(QueueName=queue.name)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="an event")
    faults.set({"call": "sqs/GetQueueAttributes", "kind": "stale", "seconds": 60})
    assert queue.holds() == "failed events"
    assert sqs.receive_message(QueueUrl=url)["Messages"]


def test_what_is_not_asked_for_any_more_stays_if_it_holds_data(
    account: Account, names: Names
) -> None:
    group = LogGroup(names.state_machine_log_group, "StateMachine", account.logs, wanted=False)
    group.create()
    (empty,) = deployment_steps([group])
    account.logs.create_log_stream(logGroupName=group.name, logStreamName="an execution")
    (full,) = deployment_steps([group])
    assert (empty.action, full.action) == (Action.DELETE, Action.KEEP)
