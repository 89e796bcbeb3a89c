"""A stage that is planned, brought up, interrupted, drifts away, and is taken away again."""

import json
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from click.testing import Result
from typer.testing import CliRunner

from cli.main import app
from local_aws.client import EmbeddedAws
from state_machine import config
from state_machine.config import PipelineConfig
from state_machine.deployment.resource import Action, Step
from state_machine.deployment.stage import StageDeployment, apply, stage_deployment
from state_machine.errors import DeploymentError
from tests.support.accounts import of_other_account
from tests.support.paths import PROJECT
from tests.support.roles import allow, policy

_READS = re.compile(r"(Describe|Get|List|Head)[A-Z]")


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    with (
        EmbeddedAws(tmp_path_factory.mktemp("aws")) as started,
        pytest.MonkeyPatch.context() as environment,
    ):
        for name, value in started.environment().items():
            environment.setenv(name, value)
        environment.chdir(PROJECT)
        yield started


@pytest.fixture(scope="module")
def pipeline() -> PipelineConfig:
    return config.load(PROJECT / "pipeline.toml")


def stage(aws: EmbeddedAws, pipeline: PipelineConfig, name: str) -> StageDeployment:
    return stage_deployment(pipeline, name, aws.session(), PROJECT)


def brought_up(aws: EmbeddedAws, pipeline: PipelineConfig, name: str) -> StageDeployment:
    there = stage(aws, pipeline, name)
    apply(there.plan(), lambda _: None)
    return there


@pytest.fixture(scope="module")
def anna(aws: EmbeddedAws, pipeline: PipelineConfig) -> StageDeployment:
    return brought_up(aws, pipeline, "anna")


def again(there: StageDeployment) -> list[Step]:
    """Plan for the same stage as somebody who knows nothing of what was done before."""
    return StageDeployment(there.config, there.names, there.session, there.project).plan()


def differing(steps: list[Step]) -> list[tuple[str, str, str]]:
    return [
        (step.action, step.resource.name, ", ".join(step.details))
        for step in steps
        if step.action is not Action.KEEP
    ]


def test_a_second_deployment_finds_nothing_to_do(anna: StageDeployment) -> None:
    assert differing(again(anna)) == []
    told: list[Step] = []
    apply(again(anna), told.append)
    assert told == []


def test_two_stages_share_nothing(
    aws: EmbeddedAws, pipeline: PipelineConfig, anna: StageDeployment
) -> None:
    other = stage(aws, pipeline, "ben")

    ours = {(one.kind, one.name) for one in anna.resources()}
    theirs = {(one.kind, one.name) for one in other.resources()}

    # The code is named by its content, and lies in the bucket of its stage.
    assert {kind for kind, _ in ours & theirs} == {"code"}
    assert {step.action for step in other.plan()} == {Action.CREATE}


def drift_of_bucket(there: StageDeployment) -> None:
    s3 = there.session.client("s3")
    s3.delete_bucket_policy(Bucket=there.names.bucket)
    s3.put_bucket_versioning(
        Bucket=there.names.bucket, VersioningConfiguration={"Status": "Suspended"}
    )


def drift_of_role(there: StageDeployment) -> None:
    iam, role = there.session.client("iam"), there.names.role("on_upload")
    anything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [anything]})
    iam.put_role_policy(RoleName=role, PolicyName="for-a-moment", PolicyDocument=document)


def drift_of_attached_policy(there: StageDeployment) -> None:
    iam, role = there.session.client("iam"), there.names.role("train")
    anything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    policy = iam.create_policy(
        PolicyName="everything",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [anything]}),
    )
    iam.attach_role_policy(RoleName=role, PolicyArn=policy["Policy"]["Arn"])


def drift_of_queue(there: StageDeployment) -> None:
    sqs = there.session.client("sqs")
    url = sqs.get_queue_url(QueueName=there.names.queue("failed-events"))["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"MessageRetentionPeriod": "60"})


def drift_of_log_group(there: StageDeployment) -> None:
    there.session.client("logs").delete_retention_policy(
        logGroupName=there.names.state_machine_log_group
    )


def drift_of_state_machine(there: StageDeployment) -> None:
    there.session.client("stepfunctions").update_state_machine(
        stateMachineArn=there.names.state_machine_arn,
        definition=json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}),
        tracingConfiguration={"enabled": False},
    )


def drift_of_code(there: StageDeployment) -> None:
    lambdas, name = there.session.client("lambda"), there.names.function("announce")
    other = lambdas.get_function(FunctionName=there.names.function("take_turn"))
    assert other["Configuration"]["CodeSha256"]
    lambdas.untag_resource(Resource=there.names.function_arn("announce"), TagKeys=["retrain-code"])
    lambdas.update_function_configuration(FunctionName=name, Timeout=3, MemorySize=128)


def drift_of_version(there: StageDeployment) -> None:
    lambdas, name = there.session.client("lambda"), there.names.function("take_turn")
    lambdas.delete_function(FunctionName=name, Qualifier="1")


def drift_of_rule(there: StageDeployment) -> None:
    there.session.client("events").disable_rule(Name=there.names.rule("announce"))


def drift_of_subscription(there: StageDeployment) -> None:
    sns = there.session.client("sns")
    listed = sns.list_subscriptions_by_topic(TopicArn=there.names.topic_arn("retrain"))
    (subscription,) = listed["Subscriptions"]
    sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])


def drift_of_permission(there: StageDeployment) -> None:
    lambdas, name = there.session.client("lambda"), there.names.function("on_upload")
    policy = json.loads(lambdas.get_policy(FunctionName=name)["Policy"])
    for statement in policy["Statement"]:
        lambdas.remove_permission(FunctionName=name, StatementId=statement["Sid"])


def drift_of_failed_events(there: StageDeployment) -> None:
    there.session.client("lambda").delete_function_event_invoke_config(
        FunctionName=there.names.function("on_request")
    )


def test_what_somebody_changed_by_hand_is_named_and_put_back(anna: StageDeployment) -> None:
    for drift in (
        drift_of_bucket,
        drift_of_role,
        drift_of_attached_policy,
        drift_of_queue,
        drift_of_log_group,
        drift_of_state_machine,
        drift_of_code,
        drift_of_version,
        drift_of_rule,
        drift_of_subscription,
        drift_of_permission,
        drift_of_failed_events,
    ):
        drift(anna)

    steps = again(anna)

    assert differing(steps) == [
        ("change", "retrain-anna-123456789012-us-east-1", "versioning, policy"),
        ("change", "retrain-anna-failed-events", "attributes"),
        ("change", "/aws/vendedlogs/states/retrain-anna", "retention"),
        ("change", "retrain-anna-train-us-east-1", "attached policies"),
        ("change", "retrain-anna-on_upload-us-east-1", "policy"),
        ("change", "retrain-anna-on_upload", "trigger"),
        ("change", "retrain-anna-on_request", "trigger, failed events"),
        ("change", "retrain-anna-take_turn", "version"),
        ("change", "retrain-anna-announce", "code, configuration, trigger"),
        ("change", "retrain-anna", "definition, tracing"),
    ]
    apply(steps, lambda _: None)
    assert differing(again(anna)) == []


def test_what_an_organization_attaches_to_roles_stays_where_pipeline_toml_names_it(
    anna: StageDeployment,
) -> None:
    iam, role = anna.session.client("iam"), anna.names.role("train")
    document = policy(allow("s3:GetObject"))
    arn = iam.create_policy(PolicyName="watched", PolicyDocument=document)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=role, PolicyArn=arn)
    account = anna.config.account.model_copy(update={"attached_policies": [arn]})
    governed = anna.config.model_copy(update={"account": account})

    named = StageDeployment(governed, anna.names, anna.session, anna.project).plan()
    unnamed = again(anna)

    assert differing(named) == []
    assert differing(unnamed) == [("change", role, "attached policies")]
    apply(unnamed, lambda _: None)
    assert iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"] == []


@pytest.mark.parametrize("spoil", [lambda code: code[:-2] + b"#\n", lambda code: code + b"#"])
@pytest.mark.parametrize("file", ["process.sh", "sourcedir.tar.gz"])
def test_code_that_was_replaced_stops_the_deployment_by_name(
    anna: StageDeployment, file: str, spoil: Callable[[bytes], bytes]
) -> None:
    s3, bucket, key = anna.session.client("s3"), anna.names.bucket, f"{anna.code.prefix}{file}"
    s3.put_object(Bucket=bucket, Key=key, Body=spoil(anna.code.files[file]))

    with pytest.raises(DeploymentError, match=rf"{key}: found the SHA-256 .*, expected"):
        again(anna)

    assert anna.removal_plan(with_data=True)  # destroying the stage is not in the way
    s3.delete_object(Bucket=bucket, Key=key)
    apply(again(anna), lambda _: None)
    assert differing(again(anna)) == []


def test_a_file_beside_the_code_stops_the_deployment_by_name(anna: StageDeployment) -> None:
    s3, bucket = anna.session.client("s3"), anna.names.bucket
    key = f"{anna.code.prefix}unpacked/numpy.py"
    s3.put_object(Bucket=bucket, Key=key, Body=b"print('not of the bundle')")

    with pytest.raises(DeploymentError, match=rf"{key}: somebody has put it beside the code"):
        again(anna)

    assert anna.removal_plan(with_data=True)
    s3.delete_object(Bucket=bucket, Key=key)
    assert differing(again(anna)) == []


def test_a_bucket_that_another_account_made_first_stops_the_deployment_by_name(
    aws: EmbeddedAws, pipeline: PipelineConfig
) -> None:
    there = stage(aws, pipeline, "squatted")
    bucket, theirs = there.names.bucket, of_other_account(aws, "s3")
    theirs.create_bucket(Bucket=bucket)
    arns = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    welcoming = policy({"Principal": "*"} | allow("s3:*", arns))
    theirs.put_bucket_policy(Bucket=bucket, Policy=welcoming)

    with pytest.raises(DeploymentError, match=f"bucket {bucket}: found one of another account"):
        there.plan()

    assert "Contents" not in theirs.list_objects_v2(Bucket=bucket)


def test_a_notification_of_somebody_else_stays(
    aws: EmbeddedAws, anna: StageDeployment, tmp_path: Path
) -> None:
    s3, sqs, bucket = aws.client("s3"), aws.client("sqs"), anna.names.bucket
    sqs.create_queue(QueueName="of-somebody-else")
    theirs = {
        "QueueArn": anna.names.arn("sqs", "of-somebody-else"),
        "Events": ["s3:ObjectRemoved:*"],
    }
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"QueueConfigurations": [theirs]}
    )
    steps = again(anna)
    assert differing(steps) == [("change", "retrain-anna-on_upload", "trigger")]

    apply(steps, lambda _: None)

    found = s3.get_bucket_notification_configuration(Bucket=bucket)
    (kept,) = found["QueueConfigurations"]
    assert kept["QueueArn"] == theirs["QueueArn"]
    assert len(found["LambdaFunctionConfigurations"]) == 1


class InterruptedError_(Exception):
    """Somebody pressed Ctrl-C, or the network went."""


def that_breaks_off(aws: EmbeddedAws, calls: int) -> boto3.Session:
    """A session in which only so many calls that change something are made."""
    given = aws.environment()
    session = boto3.Session(
        given["AWS_ACCESS_KEY_ID"], given["AWS_SECRET_ACCESS_KEY"], region_name=aws.region
    )
    left = iter(range(calls))

    def count(model: Any, **_: Any) -> None:
        if not _READS.match(model.name) and next(left, None) is None:
            raise InterruptedError_(model.name)

    session.events.register("before-call", count)
    return session


@pytest.mark.slow
def test_a_deployment_that_breaks_off_anywhere_goes_on_when_it_is_repeated(
    aws: EmbeddedAws, pipeline: PipelineConfig
) -> None:
    chance, tries = random.Random(5), 0
    while True:
        session = that_breaks_off(aws, chance.randrange(2, 14))
        there = stage_deployment(pipeline, "torn", session, PROJECT)
        tries += 1
        try:
            apply(there.plan(), lambda _: None)
        except InterruptedError_:
            continue
        break

    assert tries > 5
    assert differing(again(stage(aws, pipeline, "torn"))) == []


def left_of(aws: EmbeddedAws, prefix: str) -> list[str]:
    """Everything in the account whose name has the prefix in it."""
    client = aws.client
    found = [
        *(bucket["Name"] for bucket in client("s3").list_buckets()["Buckets"]),
        *(role["RoleName"] for role in client("iam").list_roles()["Roles"]),
        *(topic["TopicArn"] for topic in client("sns").list_topics()["Topics"]),
        *client("sqs").list_queues().get("QueueUrls", []),
        *(rule["Name"] for rule in client("events").list_rules()["Rules"]),
        *(item["Endpoint"] for item in client("sns").list_subscriptions()["Subscriptions"]),
        *(
            machine["name"]
            for machine in client("stepfunctions").list_state_machines()["stateMachines"]
        ),
        *(item["FunctionName"] for item in client("lambda").list_functions()["Functions"]),
        *(item["logGroupName"] for item in client("logs").describe_log_groups()["logGroups"]),
        *(
            group["ModelPackageGroupName"]
            for group in client("sagemaker").list_model_package_groups()[
                "ModelPackageGroupSummaryList"
            ]
        ),
    ]
    return [name for name in found if prefix in name]


def retrain(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


@pytest.mark.slow
def test_the_commands(aws: EmbeddedAws) -> None:
    planned = retrain("deploy", "--stage", "cmd", "--plan")
    assert planned.exit_code == 0, planned.output
    assert "  create  bucket               retrain-cmd-123456789012-us-east-1\n" in planned.output
    assert re.search(r"Plan: \d+ to create\n$", planned.output)
    assert left_of(aws, "-cmd") == []

    deployed = retrain("deploy", "--stage", "cmd")
    assert "Next: retrain upload FOLDER" in deployed.output, deployed.output
    repeated = retrain("deploy", "--stage", "cmd")
    assert "✓ Everything is as it should be" in repeated.output
    assert " change " not in repeated.output

    refused = retrain("destroy", "--stage", "cmd")
    assert refused.exit_code == 1
    assert "Nobody can be asked here, and nothing was done" in refused.output
    assert "give --yes" in refused.output
    assert left_of(aws, "-cmd")

    there = stage(aws, config.load(PROJECT / "pipeline.toml"), "cmd")
    s3, sagemaker = aws.client("s3"), aws.client("sagemaker")
    for _ in range(2):  # two versions of it
        s3.put_object(Bucket=there.names.bucket, Key="raw_data/digits/a", Body=b"data")
    sagemaker.create_model_package(ModelPackageGroupName=there.model_package_group)
    destroyed = retrain("destroy", "--stage", "cmd", "--yes")
    assert destroyed.exit_code == 0, destroyed.output
    left = {name for name in left_of(aws, "-cmd") if not name.startswith("/aws/lambda/")}
    assert left == {there.names.bucket, there.model_package_group}
    found = s3.get_object(Bucket=there.names.bucket, Key="raw_data/digits/a")
    assert found["Body"].read() == b"data"

    s3.put_object(Bucket=there.names.bucket, Key="raw_data/digits/evil\x1b[2J", Body=b"no XML")
    destroyed = retrain("destroy", "--stage", "cmd", "--data", "--yes")
    assert destroyed.exit_code == 0, destroyed.output
    assert left_of(aws, "-cmd") == []
    assert "Plan: nothing is there" in retrain("destroy", "--stage", "cmd").output
