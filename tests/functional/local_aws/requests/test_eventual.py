"""What AWS answers or does some seconds late, with the clock of the embedded AWS in hand."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.iam.record import ROUTE
from local_aws.requests.eventual import STALE
from tests.functional.conftest import zipped
from tests.functional.faults import Faults
from tests.functional.sagemaker_requests import Account, unique
from tests.support.asking import ask
from tests.support.clocked_aws import ClockedAws
from tests.support.roles import acting_as, allow, ensure_role, grant, make_role, policy, trust
from tests.support.waiting import eventually

SECONDS = 5
WAIT = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 600, "End": True}}}
PASS = {"StartAt": "Pass", "States": {"Pass": {"Type": "Pass", "End": True}}}
PROCESS = "arn:aws:states:::sagemaker:createProcessingJob.sync"
COUNTS = "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"

Late = Callable[..., None]


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClockedAws]:
    with ClockedAws(tmp_path_factory.mktemp("clocked-aws")) as aws:
        ensure_role(aws)
        yield aws


@pytest.fixture
def late(aws: ClockedAws) -> Iterator[Late]:
    """late(kind, *calls): from now on the calls lag behind in that way."""
    faults = Faults(aws)
    aws.wait(SECONDS)  # what other tests did is old
    yield lambda kind, *calls: faults.set(
        *({"call": call, "kind": kind, "seconds": SECONDS} for call in calls)
    )
    faults.clear()


def states_of(aws: ClockedAws) -> tuple[Any, str]:
    states = aws.client("stepfunctions")
    made = states.create_state_machine(
        name=unique("machine"), definition=json.dumps(WAIT), roleArn=ensure_role(aws)
    )
    return states, str(made["stateMachineArn"])


def test_an_execution_is_listed_and_described_late(aws: ClockedAws, late: Late) -> None:
    states, machine = states_of(aws)
    aws.wait(SECONDS)
    late("stale", "stepfunctions/*")
    execution = states.start_execution(stateMachineArn=machine)["executionArn"]

    def seen() -> str:
        listed = states.list_executions(stateMachineArn=machine)["executions"]
        running = states.list_executions(stateMachineArn=machine, statusFilter="RUNNING")
        try:
            status = str(states.describe_execution(executionArn=execution)["status"])
        except states.exceptions.ExecutionDoesNotExist:
            status = ""
        assert [each["status"] for each in listed] == [status] * bool(status)
        assert bool(running["executions"]) == (status == "RUNNING")
        return status

    assert seen() == ""
    aws.wait(SECONDS)
    assert seen() == "RUNNING"
    states.stop_execution(executionArn=execution)
    assert seen() == "RUNNING"
    assert "stopDate" not in states.describe_execution(executionArn=execution)
    aws.wait(SECONDS)
    assert seen() == "ABORTED"


def test_a_state_machine_is_described_late(aws: ClockedAws, late: Late) -> None:
    late("stale", "stepfunctions/DescribeStateMachine", "stepfunctions/ListStateMachines")
    states, machine = states_of(aws)

    def seen() -> str:
        listed = [one["stateMachineArn"] for one in states.list_state_machines()["stateMachines"]]
        try:
            found = states.describe_state_machine(stateMachineArn=machine)
        except states.exceptions.StateMachineDoesNotExist:
            assert machine not in listed
            return ""
        assert machine in listed
        return f"{found['status']} {json.loads(found['definition'])['StartAt']}"

    assert seen() == ""
    states.start_execution(stateMachineArn=machine)  # which needs no answer that is old
    aws.wait(SECONDS)
    assert seen() == "ACTIVE Wait"
    states.update_state_machine(stateMachineArn=machine, definition=json.dumps(PASS))
    assert seen() == "ACTIVE Wait"
    aws.wait(SECONDS)
    assert seen() == "ACTIVE Pass"
    states.delete_state_machine(stateMachineArn=machine)
    assert seen() == "ACTIVE Pass"
    aws.wait(SECONDS)
    assert seen() == "DELETING Pass"
    (execution,) = states.list_executions(stateMachineArn=machine)["executions"]
    late("stale", "stepfunctions/*")
    states.stop_execution(executionArn=execution["executionArn"])
    assert seen() == "DELETING Pass"
    (listed,) = states.list_executions(stateMachineArn=machine)["executions"]
    assert listed["status"] == "RUNNING"
    aws.wait(SECONDS)
    assert seen() == ""
    with pytest.raises(states.exceptions.StateMachineDoesNotExist):
        states.list_executions(stateMachineArn=machine)


def test_a_role_is_read_late(aws: ClockedAws, late: Late) -> None:
    iam, name = aws.client("iam"), unique("role")
    late("stale", "iam/*")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust("lambda"))

    def seen() -> list[str] | None:
        try:
            iam.get_role(RoleName=name)
        except iam.exceptions.NoSuchEntityException:
            return None
        policies: list[str] = iam.list_role_policies(RoleName=name)["PolicyNames"]
        for each in policies:
            iam.get_role_policy(RoleName=name, PolicyName=each)
        assert iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"] == []
        return policies

    assert seen() is None
    aws.wait(SECONDS)
    assert seen() == []
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy(allow("s3:*")))
    assert seen() == []
    aws.wait(SECONDS)
    assert seen() == ["p"]
    iam.delete_role_policy(RoleName=name, PolicyName="p")
    iam.delete_role(RoleName=name)
    assert seen() == ["p"]
    aws.wait(SECONDS)
    assert seen() is None


def test_messages_are_counted_late(aws: ClockedAws, late: Late) -> None:
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName=unique("queue"))["QueueUrl"]
    late("stale", "sqs/*")
    sqs.send_message(QueueUrl=url, MessageBody="m")

    def seen() -> list[str]:
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[*COUNTS, "QueueArn"])
        assert found["Attributes"]["QueueArn"]
        return [found["Attributes"][name] for name in COUNTS]

    assert seen() == ["0", "0"]
    aws.wait(SECONDS)
    assert seen() == ["1", "0"]
    (message,) = sqs.receive_message(QueueUrl=url, VisibilityTimeout=300)["Messages"]
    assert seen() == ["1", "0"]
    aws.wait(SECONDS)
    assert seen() == ["0", "1"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert seen() == ["0", "1"]
    aws.wait(SECONDS)
    assert seen() == ["0", "0"]


def test_bytes_and_times_of_logs_come_late(aws: ClockedAws, late: Late) -> None:
    logs, group = aws.client("logs"), unique("group")
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="stream")
    late("stale", "logs/*")
    now = int(aws.now.timestamp() * 1000)
    event = {"timestamp": now, "message": "twelve bytes"}
    logs.put_log_events(logGroupName=group, logStreamName="stream", logEvents=[event])

    def seen() -> tuple[int, int | None]:
        (found,) = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
        (stream,) = logs.describe_log_streams(logGroupName=group)["logStreams"]
        return found["storedBytes"], stream.get("lastEventTimestamp")

    assert seen() == (0, None)
    assert logs.filter_log_events(logGroupName=group)["events"]
    aws.wait(SECONDS)
    assert seen() == (12, now)


def test_jobs_are_listed_late(aws: ClockedAws, late: Late) -> None:
    account, job = Account(aws), unique("process")
    role = make_role(aws, allow("*"))
    late("stale", "sagemaker/*")
    account.sagemaker.create_processing_job(**account.processing(job, "sleep 600", RoleArn=role))
    listed = partial(account.sagemaker.list_processing_jobs, NameContains=job)

    def seen(**asked: Any) -> list[str]:
        return [one["ProcessingJobStatus"] for one in listed(**asked)["ProcessingJobSummaries"]]

    assert seen() == []
    aws.wait(SECONDS)
    assert seen() == seen(StatusEquals="InProgress") == ["InProgress"]
    account.sagemaker.stop_processing_job(ProcessingJobName=job)
    described = partial(account.sagemaker.describe_processing_job, ProcessingJobName=job)
    eventually(lambda: described()["ProcessingJobStatus"] == "Stopped")
    assert seen() == ["InProgress"]
    assert seen(StatusEquals="Stopped") == []
    aws.wait(SECONDS)
    assert seen() == ["Stopped"]


def test_s3_is_never_stale() -> None:
    assert not [call for call in STALE if call.startswith("s3/")]


def test_a_role_is_assumed_and_let_late(aws: ClockedAws, late: Late) -> None:
    account, states = Account(aws), aws.client("stepfunctions")
    late("propagation", "*/*")
    role = make_role(aws, allow("s3:ListAllMyBuckets"))
    assert aws.client("iam").get_role(RoleName=role.rpartition("/")[2])  # can be read at once

    def make_function() -> Any:
        return aws.client("lambda").create_function(
            FunctionName=unique("function"),
            Role=role,
            Runtime="python3.11",
            Handler="app.handler",
            Code={"ZipFile": zipped(app="")},
        )

    def make_machine() -> Any:
        definition = json.dumps(PASS)
        return states.create_state_machine(
            name=unique("machine"), definition=definition, roleArn=role
        )

    def make_job() -> Any:
        job = account.processing(unique("process"), "true", RoleArn=role)
        return account.sagemaker.create_processing_job(**job)

    refusals = {
        make_function: ("InvalidParameterValueException", "cannot be assumed by Lambda"),
        make_machine: ("AccessDeniedException", "authorized to assume the provided role"),
        make_job: ("ValidationException", "Could not assume role"),
    }
    for make, (code, message) in refusals.items():
        with pytest.raises(ClientError, match=message) as refused:
            make()
        assert refused.value.response["Error"]["Code"] == code
    aws.wait(SECONDS)
    for make in refusals:
        make()


def test_what_a_role_may_do_changes_late(aws: ClockedAws, late: Late) -> None:
    role = make_role(aws, allow("s3:ListAllMyBuckets"))
    s3 = acting_as(aws, role, "s3")

    def may() -> bool:
        try:
            s3.list_buckets()
        except ClientError as error:
            assert error.response["Error"]["Code"] == "AccessDenied"
            return False
        return True

    assert may()
    late("propagation", "iam/*")
    grant(aws, role)
    assert may()
    aws.wait(SECONDS)
    assert not may()
    grant(aws, role, allow("s3:*"))
    assert not may()
    aws.wait(SECONDS)
    assert may()
    iam, name = aws.client("iam"), role.rpartition("/")[2]
    iam.delete_role_policy(RoleName=name, PolicyName="granted")
    iam.delete_role(RoleName=name)
    assert may()
    aws.wait(SECONDS)
    assert not may()


def test_objects_of_a_new_bucket_are_versioned_late(aws: ClockedAws, late: Late) -> None:
    s3, bucket = aws.client("s3"), unique("bucket")
    s3.create_bucket(Bucket=bucket)
    late("propagation", "s3/*")
    enabled = partial(
        s3.put_bucket_versioning, Bucket=bucket, VersioningConfiguration={"Status": "Enabled"}
    )
    enabled()
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"

    assert "VersionId" not in s3.put_object(Bucket=bucket, Key="key", Body=b"first")
    aws.wait(SECONDS)
    second = s3.put_object(Bucket=bucket, Key="key", Body=b"second")["VersionId"]

    listed = s3.list_object_versions(Bucket=bucket)["Versions"]
    assert [version["VersionId"] for version in listed] == [second, "null"]
    first = s3.get_object(Bucket=bucket, Key="key", VersionId="null")["Body"].read()
    assert first == b"first"
    enabled()  # not for the first time
    assert "VersionId" in s3.put_object(Bucket=bucket, Key="key", Body=b"third")


def test_executions_start_by_the_definition_of_before(aws: ClockedAws, late: Late) -> None:
    states, machine = states_of(aws)
    late("propagation", "stepfunctions/*")
    states.update_state_machine(stateMachineArn=machine, definition=json.dumps(PASS))

    def status() -> str:
        arn = states.start_execution(stateMachineArn=machine)["executionArn"]
        first = eventually(
            lambda: [
                event["stateEnteredEventDetails"]["name"]
                for event in states.get_execution_history(executionArn=arn)["events"]
                if "stateEnteredEventDetails" in event
            ]
        )
        return str(first[0])

    assert status() == "Wait"
    aws.wait(SECONDS)
    assert status() == "Pass"
    assert len(states.list_executions(stateMachineArn=machine)["executions"]) == 2


def test_a_state_machine_is_deleting_for_some_seconds(aws: ClockedAws, late: Late) -> None:
    states, machine = states_of(aws)
    name = machine.rpartition(":")[2]
    wanted = {"name": name, "definition": json.dumps(PASS), "roleArn": ensure_role(aws)}
    execution = states.start_execution(stateMachineArn=machine)["executionArn"]
    late("lasting", "stepfunctions/DeleteStateMachine")

    states.delete_state_machine(stateMachineArn=machine)
    aws.wait(SECONDS)
    states.stop_execution(executionArn=execution)

    assert states.describe_state_machine(stateMachineArn=machine)["status"] == "DELETING"
    with pytest.raises(states.exceptions.StateMachineDeleting):
        states.create_state_machine(**wanted)
    aws.wait(SECONDS)
    with pytest.raises(states.exceptions.StateMachineDoesNotExist):
        states.describe_state_machine(stateMachineArn=machine)
    states.create_state_machine(**wanted)


def test_a_job_is_stopping_for_some_seconds(aws: ClockedAws, late: Late) -> None:
    account, job = Account(aws), unique("process")
    late("lasting", "sagemaker/*")
    account.sagemaker.create_processing_job(**account.processing(job, "sleep 600"))
    account.sagemaker.stop_processing_job(ProcessingJobName=job)
    described = partial(account.sagemaker.describe_processing_job, ProcessingJobName=job)
    assert described()["ProcessingJobStatus"] == "Stopping"
    aws.wait(SECONDS)
    eventually(lambda: described()["ProcessingJobStatus"] == "Stopped")


@pytest.mark.parametrize("role_is_there", [True, False])
def test_a_job_is_stopped_after_its_execution_if_the_role_is_there(
    aws: ClockedAws, late: Late, role_is_there: bool
) -> None:
    account, job = Account(aws), unique("process")
    role = make_role(aws, allow("*"))
    parameters = account.processing(job, "sleep 600")
    task = {"Type": "Task", "Resource": PROCESS, "Parameters": parameters, "End": True}
    machine = account.states.create_state_machine(
        name=unique("machine"),
        definition=json.dumps({"StartAt": "Job", "States": {"Job": task}}),
        roleArn=role,
    )["stateMachineArn"]
    execution = account.states.start_execution(stateMachineArn=machine)["executionArn"]
    described = partial(account.sagemaker.describe_processing_job, ProcessingJobName=job)
    listed = partial(account.sagemaker.list_processing_jobs, NameContains=job)
    eventually(lambda: listed()["ProcessingJobSummaries"])
    late("lasting", "stepfunctions/StopExecution")

    account.states.stop_execution(executionArn=execution)

    assert described()["ProcessingJobStatus"] == "InProgress"
    if role_is_there:
        aws.wait(SECONDS)
        eventually(lambda: described()["ProcessingJobStatus"] == "Stopped")
        return
    grant(aws, role)
    aws.client("iam").delete_role(RoleName=role.rpartition("/")[2])
    aws.wait(SECONDS)
    eventually(lambda: json.loads(ask(aws, ROUTE)).get(role, {}).get("denied"))
    assert described()["ProcessingJobStatus"] == "InProgress"
    account.sagemaker.stop_processing_job(ProcessingJobName=job)


def test_what_is_answered_is_old_and_what_is_kept_is_not(tmp_path: Path) -> None:
    folder = tmp_path / "aws"
    with ClockedAws(folder) as aws:
        states, machine = states_of(aws)
        Faults(aws).set({"call": "*/*", "kind": "stale", "seconds": SECONDS})
        execution = states.start_execution(stateMachineArn=machine)["executionArn"]
        with pytest.raises(states.exceptions.ExecutionDoesNotExist):
            states.describe_execution(executionArn=execution)
    with ClockedAws(folder) as aws:
        states = aws.client("stepfunctions")
        (kept,) = states.list_executions(stateMachineArn=machine)["executions"]
    assert kept["executionArn"] == execution
