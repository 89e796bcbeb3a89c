"""A deployment of the real project, read back through boto3."""

import json
from typing import Any

import pytest

from local_aws.client import EmbeddedAws
from state_machine import config
from state_machine.config import PipelineConfig, Schedule
from state_machine.deployment.stage import Deployment, deploy
from state_machine.functions.catalogue import wanted
from tests.support.paths import PROJECT
from tests.support.waiting import eventually


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with (
        EmbeddedAws(
            tmp_path_factory.mktemp("aws"), arguments=("--lambda-retry-delays", "0.2,0.4")
        ) as started,
        pytest.MonkeyPatch.context() as environment,
    ):
        for name, value in started.environment().items():
            environment.setenv(name, value)
        yield started


@pytest.fixture(scope="module")
def pipeline() -> PipelineConfig:
    return config.load(PROJECT / "pipeline.toml")


def bring_up(aws: EmbeddedAws, pipeline: PipelineConfig, stage: str = "dev") -> Deployment:
    return deploy(
        pipeline, stage=stage, session=aws.session(), project=PROJECT, progress=lambda _: None
    )


@pytest.fixture(scope="module")
def deployment(aws: EmbeddedAws, pipeline: PipelineConfig) -> Deployment:
    return bring_up(aws, pipeline)


def test_the_bucket_is_versioned_encrypted_and_closed(
    aws: EmbeddedAws, deployment: Deployment
) -> None:
    s3 = aws.client("s3")
    bucket = deployment.bucket

    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    encryption = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
    assert encryption["Rules"][0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    assert all(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values())


def test_uploads_below_raw_data_trigger_the_lambda(
    aws: EmbeddedAws, deployment: Deployment
) -> None:
    notification = aws.client("s3").get_bucket_notification_configuration(Bucket=deployment.bucket)

    (trigger,) = notification["LambdaFunctionConfigurations"]
    assert trigger["LambdaFunctionArn"].endswith(":function:retrain-dev-on_upload")
    assert trigger["Filter"]["Key"]["FilterRules"][0]["Value"] == "raw_data/"


def test_the_lambdas_carry_what_they_need_to_know(
    aws: EmbeddedAws, deployment: Deployment, pipeline: PipelineConfig
) -> None:
    for name in deployment.functions.values():
        function = aws.client("lambda").get_function_configuration(FunctionName=name)
        variables = function["Environment"]["Variables"]
        assert variables["RETRAIN_BUCKET"] == deployment.bucket
        assert variables["RETRAIN_STATE_MACHINE_ARN"] == deployment.state_machine_arn
        assert json.loads(variables["RETRAIN_REQUIRED_FILES"]) == pipeline.data.required_files


def test_messages_of_the_topic_reach_their_lambda(aws: EmbeddedAws, deployment: Deployment) -> None:
    topic = deployment.names.topic_arn("retrain")

    listed = aws.client("sns").list_subscriptions_by_topic(TopicArn=topic)

    (subscription,) = listed["Subscriptions"]
    assert subscription["Protocol"] == "lambda"
    assert subscription["Endpoint"] == deployment.names.function_arn("on_request")


def test_ends_without_success_reach_the_lambda_that_announces_them(
    aws: EmbeddedAws, deployment: Deployment
) -> None:
    events, rule = aws.client("events"), deployment.names.rule("announce")

    pattern = json.loads(events.describe_rule(Name=rule)["EventPattern"])
    (target,) = events.list_targets_by_rule(Rule=rule)["Targets"]

    assert pattern["detail"]["stateMachineArn"] == [deployment.state_machine_arn]
    assert target["Arn"] == deployment.names.function_arn("announce")
    topics = [topic["TopicArn"] for topic in aws.client("sns").list_topics()["Topics"]]
    assert deployment.names.topic_arn("announcements") in topics


def test_events_that_fail_are_kept(
    aws: EmbeddedAws, deployment: Deployment, pipeline: PipelineConfig
) -> None:
    url = aws.client("sqs").get_queue_url(QueueName="retrain-dev-failed-events")["QueueUrl"]
    attributes = aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
    queue = attributes["Attributes"]

    assert queue["MessageRetentionPeriod"] == "1209600"
    for function in (each.name for each in wanted(pipeline) if each.asynchronous):
        settings = aws.client("lambda").get_function_event_invoke_config(
            FunctionName=deployment.functions[function]
        )
        assert settings["MaximumRetryAttempts"] == 2
        assert settings["DestinationConfig"]["OnFailure"]["Destination"] == queue["QueueArn"]


def test_the_code_lies_where_the_definition_says(aws: EmbeddedAws, deployment: Deployment) -> None:
    described = aws.client("stepfunctions").describe_state_machine(
        stateMachineArn=deployment.state_machine_arn
    )
    prepare = json.loads(described["definition"])["States"]["PrepareRun"]
    prefix = prepare["Parameters"]["Payload"]["defaults"]["code"]["s3_uri"].split("/", 3)[3]

    listed = aws.client("s3").list_objects_v2(Bucket=deployment.bucket, Prefix=prefix)
    assert [item["Key"].removeprefix(prefix) for item in listed["Contents"]] == [
        "process.sh",
        "sourcedir.tar.gz",
    ]


def test_deploying_again_changes_nothing_but_what_changed(
    aws: EmbeddedAws, deployment: Deployment, pipeline: PipelineConfig
) -> None:
    threshold = {"metric": "accuracy", "op": ">=", "value": 0.99}
    stricter = pipeline.model_copy(
        update={"gate": pipeline.gate.model_copy(update={"thresholds": [threshold]})}
    )

    again = bring_up(aws, stricter)

    assert again == deployment
    client = aws.client("stepfunctions")
    assert len(client.list_state_machines()["stateMachines"]) == 1
    assert len(aws.client("lambda").list_functions()["Functions"]) == len(wanted(pipeline))
    assert len(aws.client("sns").list_topics()["Topics"]) == 2
    assert len(aws.client("sqs").list_queues()["QueueUrls"]) == 1
    described = client.describe_state_machine(stateMachineArn=again.state_machine_arn)
    check = json.loads(described["definition"])["States"]["CheckMetrics"]
    assert check["Parameters"]["Payload"]["gate"]["thresholds"][0]["value"] == 0.99


def test_a_schedule_comes_and_goes_with_pipeline_toml(
    aws: EmbeddedAws, deployment: Deployment, pipeline: PipelineConfig
) -> None:
    events, rule = aws.client("events"), deployment.names.rule("on_schedule")
    schedule = Schedule(enabled=True, expression="cron(0 4 ? * MON *)")

    bring_up(aws, pipeline.model_copy(update={"schedule": schedule}))
    there = events.describe_rule(Name=rule)
    assert (there["ScheduleExpression"], there["State"]) == ("cron(0 4 ? * MON *)", "ENABLED")
    (target,) = events.list_targets_by_rule(Rule=rule)["Targets"]
    assert target["Arn"] == deployment.names.function_arn("on_schedule")

    bring_up(aws, pipeline)
    assert rule not in [found["Name"] for found in events.list_rules()["Rules"]]
    assert deployment.names.function("on_schedule") not in [
        function["FunctionName"] for function in aws.client("lambda").list_functions()["Functions"]
    ]


def receive(aws: EmbeddedAws, url: str) -> list[dict[str, Any]]:
    """Take what has arrived in a queue; the messages' bodies, read as JSON."""
    messages = aws.client("sqs").receive_message(QueueUrl=url).get("Messages", [])
    return [json.loads(message["Body"]) for message in messages]


def test_an_execution_that_fails_is_announced(aws: EmbeddedAws, deployment: Deployment) -> None:
    sqs, sns = aws.client("sqs"), aws.client("sns")
    url = sqs.create_queue(QueueName="reader")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    topic = deployment.names.topic_arn("announcements")
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["QueueArn"])

    aws.client("stepfunctions").start_execution(
        stateMachineArn=deployment.state_machine_arn, name="wrong", input='{"epochs": 3}'
    )

    (announced,) = eventually(lambda: receive(aws, url))
    assert announced["Subject"] == "FAILED: wrong at TakeTurn"
    assert "unknown field 'epochs'" in announced["Message"]
    assert "retrain redrive wrong" in announced["Message"]


def test_a_change_of_approval_is_announced(
    aws: EmbeddedAws, deployment: Deployment, pipeline: PipelineConfig
) -> None:
    sqs, sagemaker = aws.client("sqs"), aws.client("sagemaker")
    url = sqs.create_queue(QueueName="approvals")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    topic = deployment.names.topic_arn("announcements")
    aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["QueueArn"])
    run = f"s3://{deployment.bucket}/runs/digits-1"
    plan = {"paths": {"evaluation": f"{run}/evaluation", "report": f"{run}/report.html"}}
    aws.client("s3").put_object(
        Bucket=deployment.bucket, Key="runs/digits-1/run.json", Body=json.dumps(plan)
    )
    statistics = {
        "ContentType": "application/json",
        "S3Uri": f"{run}/evaluation/evaluation.json",
    }
    group = deployment.model_package_group

    package = sagemaker.create_model_package(
        ModelPackageGroupName=group,
        ModelMetrics={"ModelQuality": {"Statistics": statistics}},
        CustomerMetadataProperties={"decision_reason": "accuracy 0.91 at least 0.85 required"},
    )["ModelPackageArn"]
    (registered,) = eventually(lambda: receive(aws, url))
    sagemaker.update_model_package(
        ModelPackageArn=package,
        ModelApprovalStatus="Approved",
        ApprovalDescription="slices checked (by user/ann, was PendingManualApproval)",
    )
    (approved,) = eventually(lambda: receive(aws, url))

    assert registered["Subject"] == f"PendingManualApproval: {group} version 1"
    assert "accuracy 0.91 at least 0.85 required" in registered["Message"]
    assert approved["Message"] == (
        f"{group} version 1 is Approved: slices checked (by user/ann, was PendingManualApproval). "
        f"Report: {run}/report.html\n"
    )


def test_a_message_that_cannot_be_handled_is_retried_and_kept(
    aws: EmbeddedAws, deployment: Deployment
) -> None:
    topic = deployment.names.topic_arn("retrain")

    aws.client("sns").publish(TopicArn=topic, Message="please retrain")

    url = aws.client("sqs").get_queue_url(QueueName="retrain-dev-failed-events")["QueueUrl"]
    (kept,) = eventually(lambda: receive(aws, url))
    assert kept["requestContext"]["functionArn"].startswith(
        deployment.names.function_arn("on_request")
    )
    assert kept["requestContext"]["approximateInvokeCount"] == 3
    assert kept["responsePayload"]["errorType"] == "InvalidInputError"
    assert kept["requestPayload"]["Records"][0]["Sns"]["Message"] == "please retrain"


def test_a_message_starts_an_execution(aws: EmbeddedAws, deployment: Deployment) -> None:
    states = aws.client("stepfunctions")
    message = {"dataset": "digits", "requested_by": "grace", "reason": "new labels"}
    for file in ("train-images", "t10k-images"):
        for part in (f"{file}-idx3-ubyte.gz", f"{file.replace('images', 'labels')}-idx1-ubyte.gz"):
            aws.client("s3").put_object(
                Bucket=deployment.bucket, Key=f"raw_data/digits/{part}", Body=b"content"
            )

    def inputs() -> list[dict[str, Any]]:
        listed = states.list_executions(stateMachineArn=deployment.state_machine_arn)
        arns = [execution["executionArn"] for execution in listed["executions"]]
        found = [states.describe_execution(executionArn=arn) for arn in arns]
        return [json.loads(execution["input"]) for execution in found]

    (upload,) = eventually(lambda: [found for found in inputs() if "fingerprint" in found])
    aws.client("sns").publish(
        TopicArn=deployment.names.topic_arn("retrain"),
        # As the recipe has it would be the upload's own execution.
        Message=json.dumps({**message, "hyperparameters": {"epochs": 7}}),
    )

    (asked,) = eventually(lambda: [found for found in inputs() if found.get("reason")])
    assert message.items() <= asked.items()
    assert asked["trigger"] == "topic"
    assert asked["fingerprint"] == upload["fingerprint"]
    for execution in states.list_executions(
        stateMachineArn=deployment.state_machine_arn, statusFilter="RUNNING"
    )["executions"]:
        states.stop_execution(executionArn=execution["executionArn"])
