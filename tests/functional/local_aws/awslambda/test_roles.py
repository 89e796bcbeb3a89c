"""Functions act with their role, and Lambda on their behalf with no more than that."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from local_aws.client import EmbeddedAws
from tests.functional.conftest import Deploy, zipped
from tests.functional.events import Queue, function_arn, permit
from tests.support.roles import ACCOUNT, acting_as, allow, grant, make_role, trust
from tests.support.waiting import eventually

LOGS = allow(["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"])
TELLS_ITS_ENVIRONMENT = """
import os
def handler(event, context):
    return dict(os.environ)
"""
ACTS = """
import boto3
def handler(event, context):
    print("acting")
    try:
        boto3.client("sqs").list_queues()
    except Exception as error:
        return str(error)
    return "done"
"""
FAILS = """
def handler(event, context):
    raise ValueError("never")
"""


@pytest.fixture
def narrow(embedded_aws: EmbeddedAws) -> str:
    """A role that may do nothing yet."""
    return make_role(embedded_aws)


def invoke(aws: EmbeddedAws, name: str) -> Any:
    return json.load(aws.client("lambda").invoke(FunctionName=name)["Payload"])


def streams(aws: EmbeddedAws, function: str) -> list[Any]:
    logs = aws.client("logs")
    try:
        found: list[Any] = logs.describe_log_streams(logGroupName=f"/aws/lambda/{function}")[
            "logStreams"
        ]
    except logs.exceptions.ResourceNotFoundException:
        return []
    return found


def test_a_function_may_do_what_its_role_may(
    embedded_aws: EmbeddedAws, deploy: Deploy, narrow: str
) -> None:
    name = deploy(ACTS, Role=narrow)

    told = invoke(embedded_aws, name)
    grant(embedded_aws, narrow, allow("sqs:ListQueues"))

    who = f"arn:aws:sts::{ACCOUNT}:assumed-role/{narrow.rpartition('/')[2]}/{name}"
    assert "(AccessDeniedException)" in told
    assert f"User: {who} is not authorized to perform: sqs:ListQueues on resource: *" in told
    assert invoke(embedded_aws, name) == "done"


def test_a_function_gets_the_environment_that_aws_gives_it(
    embedded_aws: EmbeddedAws, deploy: Deploy, narrow: str
) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html"""
    name = deploy(TELLS_ITS_ENVIRONMENT, Role=narrow, Environment={"Variables": {"OWN": "value"}})

    variables = invoke(embedded_aws, name)

    assert variables.pop("AWS_ACCESS_KEY_ID").startswith("ASIA")
    assert set(variables) - {"LC_CTYPE"} == {
        *("_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL"),
        *("AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_NAME"),
        *("AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE"),
        *("AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_LAMBDA_RUNTIME_API"),
        *("AWS_REGION", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "LAMBDA_RUNTIME_DIR"),
        *("LAMBDA_TASK_ROOT", "LANG", "OWN", "PATH", "TZ"),
        # What keeps SDKs at this endpoint, beside AWS_ENDPOINT_URL.
        *("AWS_DATA_PATH", "AWS_DISABLE_HOST_PREFIX_INJECTION"),
        *("SAGEMAKER_ADMIN_CONFIG_OVERRIDE", "SAGEMAKER_USER_CONFIG_OVERRIDE"),
    }


def test_each_environment_has_credentials_of_its_own(
    embedded_aws: EmbeddedAws, deploy: Deploy, narrow: str
) -> None:
    keys = {
        invoke(embedded_aws, deploy(TELLS_ITS_ENVIRONMENT, Role=narrow))["AWS_ACCESS_KEY_ID"]
        for _ in range(2)
    }

    assert len(keys) == 2


def test_without_its_rights_a_function_runs_and_logs_nothing(
    embedded_aws: EmbeddedAws, deploy: Deploy, narrow: str
) -> None:
    name = deploy(ACTS, Role=narrow)

    invoke(embedded_aws, name)
    assert streams(embedded_aws, name) == []

    grant(embedded_aws, narrow, LOGS)
    invoke(embedded_aws, name)
    assert len(streams(embedded_aws, name)) == 1


@pytest.mark.parametrize("missing", LOGS["Action"])
def test_each_right_to_log_is_needed(
    embedded_aws: EmbeddedAws, deploy: Deploy, narrow: str, missing: str
) -> None:
    actions = [action for action in LOGS["Action"] if action != missing]
    grant(embedded_aws, narrow, allow(actions))
    name = deploy(ACTS, Role=narrow)

    invoke(embedded_aws, name)

    events = [
        event
        for stream in streams(embedded_aws, name)
        for event in embedded_aws.client("logs").get_log_events(
            logGroupName=f"/aws/lambda/{name}", logStreamName=stream["logStreamName"]
        )["events"]
    ]
    assert events == []


def test_rights_to_log_may_name_the_functions_own_group(
    embedded_aws: EmbeddedAws, deploy: Deploy, narrow: str
) -> None:
    name = deploy(ACTS, Role=narrow)
    group = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/lambda/{name}:*"
    grant(embedded_aws, narrow, allow(LOGS["Action"], group))

    invoke(embedded_aws, name)

    assert len(streams(embedded_aws, name)) == 1


@pytest.mark.parametrize("there", [False, True])
def test_lambda_must_be_let_to_assume_the_role(
    embedded_aws: EmbeddedAws, deploy: Deploy, there: bool
) -> None:
    refused = f"arn:aws:iam::{ACCOUNT}:role/not-there"
    if there:
        refused = make_role(embedded_aws, services=("sagemaker",))

    with pytest.raises(ClientError, match="cannot be assumed by Lambda") as error:
        deploy(ACTS, Role=refused)
    assert error.value.response["Error"]["Code"] == "InvalidParameterValueException"

    name = deploy(ACTS)
    with pytest.raises(ClientError, match="cannot be assumed by Lambda"):
        embedded_aws.client("lambda").update_function_configuration(FunctionName=name, Role=refused)


def test_a_trust_may_be_narrowed_to_the_account(
    embedded_aws: EmbeddedAws, deploy: Deploy, narrow: str
) -> None:
    iam, name = embedded_aws.client("iam"), narrow.rpartition("/")[2]

    def trusting(account: str) -> str:
        return trust("lambda", Condition={"StringEquals": {"aws:SourceAccount": account}})

    iam.update_assume_role_policy(RoleName=name, PolicyDocument=trusting(ACCOUNT))
    deploy(ACTS, Role=narrow)
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=trusting("111122223333"))
    with pytest.raises(ClientError, match="cannot be assumed by Lambda"):
        deploy(ACTS, Role=narrow)


def test_who_deploys_must_be_let_to_pass_the_role(
    embedded_aws: EmbeddedAws, narrow: str, role: str
) -> None:
    functions = acting_as(embedded_aws, narrow, "lambda")

    def create() -> None:
        functions.create_function(
            FunctionName=f"passed-{uuid4().hex[:8]}",
            Role=role,
            Runtime="python3.11",
            Handler="app.handler",
            Code={"ZipFile": zipped(app=ACTS)},
        )

    grant(embedded_aws, narrow, allow("lambda:CreateFunction"))
    with pytest.raises(ClientError, match=f"iam:PassRole on resource: {role}"):
        create()
    to_jobs = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    grant(
        embedded_aws,
        narrow,
        allow("lambda:CreateFunction"),
        allow("iam:PassRole", role, Condition=to_jobs),
    )
    with pytest.raises(ClientError, match="iam:PassRole"):
        create()
    to_lambda = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    grant(
        embedded_aws,
        narrow,
        allow("lambda:CreateFunction"),
        allow("iam:PassRole", role, Condition=to_lambda),
    )
    create()


def test_a_destination_needs_a_role_that_may_send_to_it(
    embedded_aws: EmbeddedAws, deploy: Deploy, narrow: str, queue: Queue
) -> None:
    functions = embedded_aws.client("lambda")
    name = deploy(FAILS, Role=narrow)
    settings: Any = {
        "FunctionName": name,
        "MaximumRetryAttempts": 0,
        "DestinationConfig": {"OnFailure": {"Destination": queue.arn}},
    }

    with pytest.raises(ClientError, match=f"SendMessage on {queue.arn}") as error:
        functions.put_function_event_invoke_config(**settings)
    assert error.value.response["Error"]["Code"] == "InvalidParameterValueException"
    with pytest.raises(ClientError, match="SendMessage on SQS"):
        functions.update_function_configuration(
            FunctionName=name, DeadLetterConfig={"TargetArn": queue.arn}
        )

    grant(embedded_aws, narrow, allow("sqs:SendMessage", queue.arn))
    functions.put_function_event_invoke_config(**settings)
    functions.invoke(FunctionName=name, InvocationType="Event")
    assert queue.body()["requestContext"]["condition"] == "RetriesExhausted"


def test_a_role_that_lost_the_right_sends_no_more(
    embedded_aws: EmbeddedAws, deploy: Deploy, narrow: str, queue: Queue
) -> None:
    functions = embedded_aws.client("lambda")
    grant(embedded_aws, narrow, allow("sqs:SendMessage", queue.arn))
    name = deploy(FAILS, Role=narrow)
    functions.put_function_event_invoke_config(
        FunctionName=name,
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": queue.arn}},
    )
    grant(embedded_aws, narrow)

    functions.invoke(FunctionName=name, InvocationType="Event")

    def logged() -> bool:
        log = (embedded_aws.data_folder / "server.log").read_text()
        return f"{narrow.rpartition('/')[2]}/{name} is not authorized to perform: sqs:Send" in log

    eventually(logged)
    assert queue.receive() == 0


@pytest.mark.parametrize("account", [ACCOUNT, "111122223333"])
def test_a_functions_policy_is_held_to_the_senders_account(
    embedded_aws: EmbeddedAws, deploy: Deploy, account: str
) -> None:
    s3, name = embedded_aws.client("s3"), deploy(ACTS)
    bucket = f"sends-{uuid4().hex[:12]}"
    s3.create_bucket(Bucket=bucket)
    embedded_aws.client("lambda").add_permission(
        FunctionName=name,
        StatementId="s3",
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        SourceArn=f"arn:aws:s3:::{bucket}",
        SourceAccount=account,
    )
    told = {
        "LambdaFunctionConfigurations": [
            {"LambdaFunctionArn": function_arn(name), "Events": ["s3:ObjectCreated:*"]}
        ]
    }

    def notify() -> None:
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=told)

    if account == ACCOUNT:
        notify()
    else:
        with pytest.raises(ClientError, match="Unable to validate"):
            notify()


def test_s3_invokes_only_while_the_function_lets_it(
    embedded_aws: EmbeddedAws, deploy: Deploy
) -> None:
    s3, name = embedded_aws.client("s3"), deploy(ACTS)
    bucket = f"sends-{uuid4().hex[:12]}"
    s3.create_bucket(Bucket=bucket)
    permit(embedded_aws, name, "s3", f"arn:aws:s3:::{bucket}")
    s3.put_bucket_notification_configuration(
        Bucket=bucket,
        NotificationConfiguration={
            "LambdaFunctionConfigurations": [
                {"LambdaFunctionArn": function_arn(name), "Events": ["s3:ObjectCreated:*"]}
            ]
        },
    )
    s3.put_object(Bucket=bucket, Key="k")
    eventually(lambda: streams(embedded_aws, name))
    functions = embedded_aws.client("lambda")
    statement = json.loads(functions.get_policy(FunctionName=name)["Policy"])["Statement"][0]
    functions.remove_permission(FunctionName=name, StatementId=statement["Sid"])

    s3.put_object(Bucket=bucket, Key="k")

    def logged() -> bool:
        log = (embedded_aws.data_folder / "server.log").read_text()
        return f"{function_arn(name)} does not let s3 invoke it for arn:aws:s3:::{bucket}" in log

    eventually(logged)


@pytest.fixture
def canary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddedAws]:
    """A server whose environment holds what is nobody's business."""
    monkeypatch.setenv("CANARY", "sings")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "the-canarys-own-key")
    with EmbeddedAws(tmp_path) as aws:
        yield aws


def test_nothing_of_the_servers_environment_reaches_a_function(canary: EmbeddedAws) -> None:
    role = make_role(canary, LOGS)
    canary.client("lambda").create_function(
        FunctionName="f",
        Role=role,
        Runtime="python3.11",
        Handler="app.handler",
        Code={"ZipFile": zipped(app=TELLS_ITS_ENVIRONMENT)},
    )

    variables = invoke(canary, "f")

    assert "CANARY" not in variables
    assert "the-canarys-own-key" not in variables.values()
    assert os.environ["HOME"] not in variables.values()


VPC = {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}


def test_a_function_in_a_vpc_needs_a_role_that_may_connect_it(
    embedded_aws: EmbeddedAws, deploy: Deploy, narrow: str
) -> None:
    with pytest.raises(ClientError, match="to call CreateNetworkInterface on EC2"):
        deploy(ACTS, Role=narrow, VpcConfig=VPC)

    grant(embedded_aws, narrow, allow("ec2:*"))
    deploy(ACTS, Role=narrow, VpcConfig=VPC)


def test_whoever_connects_a_function_has_to_see_the_network(
    embedded_aws: EmbeddedAws, deploy: Deploy, narrow: str, role: str
) -> None:
    name = deploy(ACTS)
    grant(embedded_aws, narrow, allow("lambda:*"))
    lambdas = acting_as(embedded_aws, narrow, "lambda")

    with pytest.raises(ClientError, match="ec2:DescribeSecurityGroups"):
        lambdas.update_function_configuration(FunctionName=name, VpcConfig=VPC)
    nowhere: Any = {"SubnetIds": [], "SecurityGroupIds": []}
    lambdas.update_function_configuration(FunctionName=name, VpcConfig=nowhere)
