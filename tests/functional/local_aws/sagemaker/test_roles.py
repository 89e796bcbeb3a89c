"""SageMaker jobs act with their role, and SageMaker on their behalf with no more than that."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.client import EmbeddedAws
from tests.functional.sagemaker_requests import Account, channel, training, unique
from tests.support.roles import ACCOUNT, acting_as, allow, deny, grant, make_role

IMAGE = "763104351884.dkr.ecr.us-east-1.amazonaws.com/tensorflow-training:2.19-cpu-py312"
PULLING = [
    "ecr:GetAuthorizationToken",
    "ecr:BatchCheckLayerAvailability",
    "ecr:GetDownloadUrlForLayer",
    "ecr:BatchGetImage",
]
LOGGING = [
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:DescribeLogStreams",
    "logs:PutLogEvents",
]
GROUPS = {"Processing": "/aws/sagemaker/ProcessingJobs", "Training": "/aws/sagemaker/TrainingJobs"}
METRIC = {"MetricDefinitions": [{"Name": "loss", "Regex": "loss=([0-9.]+)"}]}


@pytest.fixture(scope="module")
def account(embedded_aws: EmbeddedAws) -> Account:
    return Account(embedded_aws)


@pytest.fixture
def narrow(embedded_aws: EmbeddedAws) -> str:
    """A role that may do nothing yet."""
    return make_role(embedded_aws)


def everything_but(*actions: str) -> list[dict[str, Any]]:
    return [allow("*"), deny(list(actions))]


def processed(account: Account, role: str, script: str = "echo run", **more: Any) -> Any:
    """Run a processing job; return its description at the end."""
    name = unique("held")
    request = account.processing(name, script, **more)
    account.sagemaker.create_processing_job(**request | {"RoleArn": role})
    return account.ended_processing(name)


def trained(account: Account, role: str, script: str = "echo 'loss=0.5'", **more: Any) -> Any:
    """Run a training job; return its description at the end."""
    name = unique("held")
    request = training(name, account.uri("models"), script, **more)
    account.sagemaker.create_training_job(**request | {"RoleArn": role})
    return account.ended_training(name)


def logged(account: Account, job: Any) -> bool:
    kind = "Training" if "TrainingJobName" in job else "Processing"
    streams = account.logs.describe_log_streams(
        logGroupName=GROUPS[kind], logStreamNamePrefix=f"{job[f'{kind}JobName']}/"
    )["logStreams"]
    return any(
        account.logs.get_log_events(
            logGroupName=GROUPS[kind], logStreamName=stream["logStreamName"]
        )["events"]
        for stream in streams
    )


@pytest.mark.parametrize("missing", ["s3:ListBucket", "s3:GetObject"])
def test_a_job_that_may_not_read_its_input_fails(
    embedded_aws: EmbeddedAws, account: Account, narrow: str, missing: str
) -> None:
    grant(embedded_aws, narrow, *everything_but(missing))

    job = processed(account, narrow)

    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("ClientError: Failed to download data.")
    assert f"SageMaker is not authorized to perform: {missing} on" in job["FailureReason"]


def test_a_job_that_may_not_write_its_output_fails(
    embedded_aws: EmbeddedAws, account: Account, narrow: str
) -> None:
    reading = allow(["s3:GetObject", "s3:ListBucket"])
    written = f"arn:aws:s3:::{account.bucket}/results/*"
    grant(embedded_aws, narrow, reading, allow("s3:PutObject", written))
    script = "echo 1 > /opt/ml/processing/out/x"
    script = script.replace("/opt/ml", "$SAGEMAKER_BASE_DIR")

    kept = processed(account, narrow, script, outputs={"out": account.uri("results")})
    lost = processed(account, narrow, script, outputs={"out": account.uri("elsewhere")})

    assert kept["ProcessingJobStatus"] == "Completed"
    assert lost["ProcessingJobStatus"] == "Failed"
    assert lost["FailureReason"].startswith("ClientError:")
    assert (
        f's3:PutObject on resource: "arn:aws:s3:::{account.bucket}/elsewhere/x"'
        in (lost["FailureReason"])
    )


def test_a_model_that_may_not_be_written_fails_the_training(
    embedded_aws: EmbeddedAws, account: Account, narrow: str
) -> None:
    grant(embedded_aws, narrow, *everything_but("s3:PutObject"))

    job = trained(account, narrow)

    assert job["FailureReason"].startswith("ClientError: Artifact upload failed:")
    assert "s3:PutObject" in job["FailureReason"]


@pytest.mark.parametrize("missing", ["s3:ListBucket", "s3:PutObject"])
def test_checkpoints_are_the_roles_too(
    embedded_aws: EmbeddedAws, account: Account, narrow: str, missing: str
) -> None:
    checkpoints = f"arn:aws:s3:::{account.bucket}" + (
        "/checkpoints/*" if missing == "s3:PutObject" else ""
    )
    grant(embedded_aws, narrow, allow("*"), deny(missing, checkpoints))

    job = trained(
        account,
        narrow,
        "echo 1 > $SAGEMAKER_BASE_DIR/checkpoints/x",
        CheckpointConfig={"S3Uri": account.uri("checkpoints")},
    )

    assert job["TrainingJobStatus"] == "Failed"
    assert missing in job["FailureReason"]


def test_a_channel_that_the_role_may_not_list_is_refused_at_once(
    embedded_aws: EmbeddedAws, account: Account, narrow: str
) -> None:
    account.put("train/x", "1")
    request = training(unique("held"), account.uri("models"), "true")
    request |= {"RoleArn": narrow, "InputDataConfig": [channel("train", account.uri("train"))]}

    with pytest.raises(ClientError, match="No S3 objects found") as error:
        account.sagemaker.create_training_job(**request)

    assert f'the role "{narrow}" has "s3:ListBucket" permissions' in str(error.value)


@pytest.mark.parametrize("kind", ["Processing", "Training"])
@pytest.mark.parametrize("missing", ["logs:CreateLogStream", *LOGGING[2:]])
def test_a_job_that_may_not_log_runs_and_leaves_no_line(
    embedded_aws: EmbeddedAws, account: Account, narrow: str, kind: str, missing: str
) -> None:
    grant(embedded_aws, narrow, *everything_but(missing))

    job = (processed if kind == "Processing" else trained)(account, narrow)

    assert job[f"{kind}JobStatus"] == "Completed"
    assert not logged(account, job)


def test_rights_to_log_may_name_sagemakers_groups(
    embedded_aws: EmbeddedAws, account: Account, narrow: str
) -> None:
    groups = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/sagemaker/*"
    grant(embedded_aws, narrow, allow("s3:*"), allow(LOGGING, groups))

    assert logged(account, processed(account, narrow))


def test_metrics_need_their_right(embedded_aws: EmbeddedAws, account: Account, narrow: str) -> None:
    namespace = {"StringLike": {"cloudwatch:namespace": "/aws/sagemaker/*"}}
    metrics = allow("cloudwatch:PutMetricData", Condition=namespace)

    grant(embedded_aws, narrow, allow("s3:*"))
    without = trained(account, narrow, AlgorithmSpecification=METRIC)
    grant(embedded_aws, narrow, allow("s3:*"), metrics)
    having = trained(account, narrow, AlgorithmSpecification=METRIC)

    assert without["TrainingJobStatus"] == "Completed"
    assert "FinalMetricDataList" not in without
    assert [each["Value"] for each in having["FinalMetricDataList"]] == [0.5]


@pytest.mark.parametrize("missing", PULLING)
def test_a_role_that_may_not_pull_the_image_fails_the_job(
    embedded_aws: EmbeddedAws, account: Account, narrow: str, missing: str
) -> None:
    grant(embedded_aws, narrow, *everything_but(missing))

    job = trained(account, narrow, AlgorithmSpecification={"TrainingImage": IMAGE})

    assert job["FailureReason"].startswith(f"ClientError: Cannot pull image {IMAGE}:")
    assert missing in job["FailureReason"]


def test_a_role_may_pull_the_one_image(
    embedded_aws: EmbeddedAws, account: Account, narrow: str
) -> None:
    repository = "arn:aws:ecr:us-east-1:763104351884:repository/tensorflow-training"
    grant(
        embedded_aws,
        narrow,
        allow("s3:*"),
        allow(PULLING[0]),
        allow(PULLING[1:], repository),
    )

    job = trained(account, narrow, AlgorithmSpecification={"TrainingImage": IMAGE})

    assert job["TrainingJobStatus"] == "Completed"


def test_the_containers_own_calls_are_the_roles(
    embedded_aws: EmbeddedAws, account: Account, narrow: str
) -> None:
    grant(embedded_aws, narrow, allow(["s3:GetObject", "s3:ListBucket"]))
    script = "python -c 'import boto3; boto3.client(\"sqs\").list_queues()' 2>&1 | tail -1"

    job = processed(account, narrow, script)

    assert "sqs:ListQueues on resource: *" in account.job_log(job["ProcessingJobName"])


def test_sagemaker_must_be_let_to_assume_the_role(
    embedded_aws: EmbeddedAws, account: Account
) -> None:
    for role in (
        f"arn:aws:iam::{ACCOUNT}:role/not-there",
        make_role(embedded_aws, services=("lambda",)),
    ):
        text = (
            f"Could not assume role {role}. Please ensure that the role exists and allows "
            "principal 'sagemaker.amazonaws.com' to assume the role."
        )
        with pytest.raises(ClientError) as error:
            trained(account, role)
        assert error.value.response["Error"]["Code"] == "ValidationException"
        assert error.value.response["Error"]["Message"] == text
        with pytest.raises(ClientError, match="Could not assume role"):
            processed(account, role)


def test_who_creates_a_job_passes_its_role_and_tags_it(
    embedded_aws: EmbeddedAws, account: Account, narrow: str
) -> None:
    name = unique("held")
    jobs = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:training-job/held-*"
    passed = make_role(embedded_aws, allow("*"))
    request = training(name, account.uri("models"), "true", Tags=[{"Key": "run", "Value": "1"}])
    sagemaker = acting_as(embedded_aws, narrow, "sagemaker")

    rights = [
        allow("sagemaker:CreateTrainingJob", jobs),
        allow("sagemaker:AddTags", jobs),
        allow(
            "iam:PassRole",
            passed,
            Condition={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
        ),
    ]
    for number, missing in enumerate(rights):
        grant(embedded_aws, narrow, *rights[:number], *rights[number + 1 :])
        with pytest.raises(ClientError, match=f"perform: {missing['Action']} on resource"):
            sagemaker.create_training_job(**request | {"RoleArn": passed})
    grant(embedded_aws, narrow, *rights)
    sagemaker.create_training_job(**request | {"RoleArn": passed})

    assert account.ended_training(name)["TrainingJobStatus"] == "Completed"


@pytest.fixture
def canary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddedAws]:
    """A server whose environment holds what is nobody's business."""
    monkeypatch.setenv("CANARY", "sings")
    with EmbeddedAws(tmp_path) as aws:
        yield aws


def test_no_credentials_and_nothing_of_the_server_lie_about(canary: EmbeddedAws) -> None:
    account = Account(canary)
    tell = (
        "import boto3, json, os; "
        f"boto3.client('s3').put_object(Bucket='{account.bucket}', Key='told', "
        "Body=json.dumps(dict(os.environ)))"
    )

    job = trained(account, make_role(canary, allow("*")), f'python -c "{tell}"; exit 1')

    assert job["TrainingJobStatus"] == "Failed"  # which leaves its whole folder
    told = json.loads(account.get("told"))
    assert "CANARY" not in told
    secrets = [told[name].encode() for name in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")]
    left = [path for path in (canary.data_folder / "jobs").rglob("*") if path.is_file()]
    assert left
    for path in [*left, canary.data_folder / "server.log", canary.data_folder / "state.sqlite"]:
        assert not any(secret in path.read_bytes() for secret in secrets), path


VPC = {"VpcConfig": {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}}


@pytest.mark.parametrize("missing", ["ec2:CreateNetworkInterface", "ec2:DescribeDhcpOptions"])
def test_a_job_in_a_vpc_fails_without_the_rights_to_connect_it(
    embedded_aws: EmbeddedAws, account: Account, narrow: str, missing: str
) -> None:
    grant(embedded_aws, narrow, *everything_but(missing))

    for job in (processed(account, narrow, NetworkConfig=VPC), trained(account, narrow, **VPC)):
        assert "Cannot connect to the VPC" in job["FailureReason"]
        assert missing in job["FailureReason"]
    outside = processed(account, narrow)
    assert outside["ProcessingJobStatus"] == "Completed"


KEY = "arn:aws:kms:us-east-1:123456789012:key/0a1b2c3d-0000-4000-8000-0a1b2c3d4e5f"


def test_a_volume_is_encrypted_by_a_role_that_may_grant_its_key(
    embedded_aws: EmbeddedAws, account: Account, narrow: str
) -> None:
    hardware = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1}
    encrypted = {"ResourceConfig": {**hardware, "VolumeKmsKeyId": KEY}}
    grant(embedded_aws, narrow, *everything_but("kms:CreateGrant"))

    assert "kms:CreateGrant" in trained(account, narrow, **encrypted)["FailureReason"]
    grant(embedded_aws, narrow, allow("*"))
    assert trained(account, narrow, **encrypted)["TrainingJobStatus"] == "Completed"


@pytest.mark.parametrize("instance_type", ["ml.g5.xlarge", "ml.p4d.24xlarge", "ml.r5d.large"])
def test_a_key_for_disks_of_the_instance_is_refused(account: Account, instance_type: str) -> None:
    hardware = {"InstanceType": instance_type, "InstanceCount": 1, "VolumeSizeInGB": 1}
    request = training(unique("own-disks"), account.uri("models"), "true", ResourceConfig=hardware)

    request["ResourceConfig"] = {**hardware, "VolumeKmsKeyId": KEY}
    with pytest.raises(ClientError, match="VolumeKmsKeyId cannot be requested"):
        account.sagemaker.create_training_job(**request)
