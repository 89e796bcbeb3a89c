"""A stage in an account with rules: `[account]` of pipeline.toml, read back through boto3."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from local_aws.client import EmbeddedAws
from state_machine import config
from state_machine.account import Account
from state_machine.config import PipelineConfig
from state_machine.deployment.resource import Action
from state_machine.deployment.stage import StageDeployment, apply, stage_deployment
from state_machine.errors import DeploymentError
from state_machine.functions.catalogue import LAMBDAS
from state_machine.names import JOB_ROLES, Names
from tests.support.paths import PROJECT
from tests.support.roles import allow, policy

TAGS = {"team": "ml", "cost centre": "4711"}
PATH = "/teams/ml/"
KEY = "arn:aws:kms:us-east-1:123456789012:key/0a1b2c3d-0000-4000-8000-0a1b2c3d4e5f"


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    with (
        EmbeddedAws(tmp_path_factory.mktemp("aws")) as started,
        pytest.MonkeyPatch.context() as environment,
    ):
        for name, value in started.environment().items():
            environment.setenv(name, value)
        yield started


@pytest.fixture(scope="module")
def boundary(aws: EmbeddedAws) -> str:
    made = aws.client("iam").create_policy(PolicyName="limits", PolicyDocument=policy(allow("*")))
    return str(made["Policy"]["Arn"])


def rules(boundary: str) -> dict[str, Any]:
    return {
        "role_path": PATH,
        "permissions_boundary": boundary,
        "tags": TAGS,
        "kms_key": KEY,
        "subnets": ["subnet-2", "subnet-1"],
        "security_group_ids": ["sg-1"],
    }


def settings(**account: Any) -> PipelineConfig:
    plain = config.load(PROJECT / "pipeline.toml")
    return plain.model_copy(update={"account": Account(**account)})


def brought_up(aws: EmbeddedAws, pipeline: PipelineConfig, stage: str) -> StageDeployment:
    there = stage_deployment(pipeline, stage, aws.session(), PROJECT)
    apply(there.plan(), lambda _: None)
    return there


@pytest.fixture(scope="module")
def governed(aws: EmbeddedAws, boundary: str) -> StageDeployment:
    return brought_up(aws, settings(**rules(boundary)), "ruled")


def roles(names: Names) -> list[str]:
    without_schedule = [each.name for each in LAMBDAS if each.name != "on_schedule"]
    return [names.role(purpose) for purpose in ("states", *JOB_ROLES, *without_schedule)]


def test_every_role_has_path_boundary_and_tags(
    aws: EmbeddedAws, governed: StageDeployment, boundary: str
) -> None:
    iam = aws.client("iam")
    for name in roles(governed.names):
        role = iam.get_role(RoleName=name)["Role"]
        assert role["Arn"] == f"arn:aws:iam::123456789012:role{PATH}{name}"
        assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary
        assert listed(iam.list_role_tags(RoleName=name)["Tags"]) == TAGS


def test_functions_and_state_machine_have_the_roles_with_their_path(
    aws: EmbeddedAws, governed: StageDeployment
) -> None:
    names = governed.names
    machine = aws.client("stepfunctions").describe_state_machine(
        stateMachineArn=names.state_machine_arn
    )
    function = aws.client("lambda").get_function_configuration(
        FunctionName=names.function("prepare_run")
    )

    assert machine["roleArn"] == names.role_arn("states")
    assert function["Role"] == names.role_arn("prepare_run")
    assert PATH in function["Role"]


def test_functions_and_jobs_are_connected_to_the_subnets(
    aws: EmbeddedAws, governed: StageDeployment
) -> None:
    names, lambdas = governed.names, aws.client("lambda")
    found = lambdas.get_function_configuration(FunctionName=names.function("take_turn"))
    described = aws.client("stepfunctions").describe_state_machine(
        stateMachineArn=names.state_machine_arn
    )
    states = json.loads(described["definition"])["States"]

    assert found["VpcConfig"]["SubnetIds"] == ["subnet-2", "subnet-1"]
    assert found["VpcConfig"]["SecurityGroupIds"] == ["sg-1"]
    network = {"Subnets": ["subnet-2", "subnet-1"], "SecurityGroupIds": ["sg-1"]}
    assert states["Train"]["Parameters"]["VpcConfig"] == network
    for state in ("Preprocess", "Evaluate"):
        assert states[state]["Parameters"]["NetworkConfig"] == {"VpcConfig": network}


def test_whatever_is_stored_is_encrypted_with_the_key(
    aws: EmbeddedAws, governed: StageDeployment
) -> None:
    names, client = governed.names, aws.client
    encryption = client("s3").get_bucket_encryption(Bucket=names.bucket)
    (rule,) = encryption["ServerSideEncryptionConfiguration"]["Rules"]
    topic = client("sns").get_topic_attributes(TopicArn=names.topic_arn("announcements"))
    url = client("sqs").get_queue_url(QueueName=names.queue("failed-events"))["QueueUrl"]
    queue = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["KmsMasterKeyId"])
    log_group = names.function_log_group("announce")
    (logs,) = client("logs").describe_log_groups(logGroupNamePrefix=log_group, limit=1)["logGroups"]

    by_default = rule["ApplyServerSideEncryptionByDefault"]
    assert by_default == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}
    assert rule["BucketKeyEnabled"]
    assert topic["Attributes"]["KmsMasterKeyId"] == KEY
    assert queue["Attributes"]["KmsMasterKeyId"] == KEY
    assert logs["kmsKeyId"] == KEY
    for function in governed.deployment.functions.values():
        found = client("lambda").get_function_configuration(FunctionName=function)
        assert found["KMSKeyArn"] == KEY


def test_jobs_encrypt_volumes_and_outputs(aws: EmbeddedAws, governed: StageDeployment) -> None:
    described = aws.client("stepfunctions").describe_state_machine(
        stateMachineArn=governed.names.state_machine_arn
    )
    states = json.loads(described["definition"])["States"]

    train = states["Train"]["Parameters"]
    assert train["ResourceConfig"]["VolumeKmsKeyId"] == train["OutputDataConfig"]["KmsKeyId"] == KEY
    assert "S3OutputPath.$" in train["OutputDataConfig"]
    for state in ("Preprocess", "Evaluate"):
        job = states[state]["Parameters"]
        assert job["ProcessingResources"]["ClusterConfig"]["VolumeKmsKeyId"] == KEY
        assert job["ProcessingOutputConfig"]["KmsKeyId"] == KEY
        assert job["ProcessingOutputConfig"]["Outputs"]


def test_a_key_of_another_region_is_refused_before_anything_is_made(aws: EmbeddedAws) -> None:
    elsewhere = settings(kms_key=KEY.replace("us-east-1", "eu-west-1"))

    with pytest.raises(DeploymentError, match="is of eu-west-1, expected a key of us-east-1"):
        stage_deployment(elsewhere, "elsewhere", aws.session(), PROJECT)


def test_an_account_that_asks_for_no_network_any_more_has_functions_outside_of_it(
    aws: EmbeddedAws, boundary: str
) -> None:
    only_network = {"subnets": ["subnet-1"], "security_group_ids": ["sg-1"]}
    brought_up(aws, settings(**only_network), "moving")

    names = brought_up(aws, settings(), "moving").names

    lambdas = aws.client("lambda")
    found = lambdas.get_function_configuration(FunctionName=names.function("take_turn"))
    assert not found["VpcConfig"]["SubnetIds"]


def listed(tags: Any, key: str = "Key", value: str = "Value") -> dict[str, str]:
    return {tag[key]: tag[value] for tag in tags}


def tags_of(aws: EmbeddedAws, governed: StageDeployment) -> dict[str, dict[str, str]]:
    """The tags of one resource of each kind but roles."""
    names, client = governed.names, aws.client
    queue = client("sqs").get_queue_url(QueueName=names.queue("failed-events"))["QueueUrl"]
    group = names.arn("sagemaker", f"model-package-group/{governed.model_package_group}")
    log_group = names.log_group_arn(names.state_machine_log_group)
    function = client("lambda").get_function(FunctionName=names.function("on_upload"))
    machine = client("stepfunctions").list_tags_for_resource(resourceArn=names.state_machine_arn)
    rule = client("events").list_tags_for_resource(ResourceARN=names.rule_arn("announce"))
    topic = client("sns").list_tags_for_resource(ResourceArn=names.topic_arn("announcements"))
    return {
        "bucket": listed(client("s3").get_bucket_tagging(Bucket=names.bucket)["TagSet"]),
        "queue": client("sqs").list_queue_tags(QueueUrl=queue)["Tags"],
        "group": listed(client("sagemaker").list_tags(ResourceArn=group)["Tags"]),
        "log group": client("logs").list_tags_for_resource(resourceArn=log_group)["tags"],
        "function": function["Tags"],
        "machine": listed(machine["tags"], "key", "value"),
        "rule": listed(rule["Tags"]),
        "topic": listed(topic["Tags"]),
    }


def test_everything_has_the_tags_beside_the_projects_own(
    aws: EmbeddedAws, governed: StageDeployment
) -> None:
    found = tags_of(aws, governed)

    assert {kind: {key: tags.get(key) for key in TAGS} for kind, tags in found.items()} == (
        dict.fromkeys(found, TAGS)
    )
    assert found["function"].keys() >= {"retrain-code", "aws-chalice"}


def test_a_second_deployment_finds_nothing_to_do(governed: StageDeployment) -> None:
    again = StageDeployment(
        governed.config, governed.names, governed.session, governed.project
    ).plan()

    assert {step.action for step in again} == {Action.KEEP}


def test_a_stage_of_before_gets_what_the_account_has_come_to_ask_for(
    aws: EmbeddedAws, boundary: str
) -> None:
    before = brought_up(aws, settings(), "older")
    aws.client("s3").put_bucket_tagging(
        Bucket=before.names.bucket, Tagging={"TagSet": [{"Key": "by", "Value": "hand"}]}
    )

    pipeline = settings(**rules(boundary))
    steps = stage_deployment(pipeline, "older", aws.session(), PROJECT).plan()
    changed = {step.resource.kind for step in steps if step.action is Action.CHANGE}
    apply(steps, lambda _: None)

    assert {step.action for step in steps} == {Action.CHANGE, Action.KEEP}
    assert {step.resource.kind for step in steps} - changed == {"code"}
    after = stage_deployment(pipeline, "older", aws.session(), PROJECT)
    assert {step.action for step in after.plan()} == {Action.KEEP}
    assert tags_of(aws, after)["bucket"] == {**TAGS, "by": "hand"}
    assert aws.client("iam").get_role(RoleName=after.names.role("train"))["Role"]["Path"] == PATH
