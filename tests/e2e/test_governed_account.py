"""An account with rules: deployed and retrained with `[account]`, and refused without."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from cli.served.demo import sample_config
from local_aws.client import EmbeddedAws
from operations.data_sets import digits
from state_machine import config
from state_machine.account import Account
from state_machine.artifacts import bundle
from state_machine.config import Code, PipelineConfig
from tests.e2e.pipeline import Pipeline
from tests.faults import light
from tests.support.paths import PROJECT
from tests.support.roles import Statement, allow, deny, policy

BOUNDARY = "arn:aws:iam::123456789012:policy/limits"
KEY = "arn:aws:kms:us-east-1:123456789012:key/0a1b2c3d-0000-4000-8000-0a1b2c3d4e5f"
RULES = Account(
    role_path="/teams/ml/",
    permissions_boundary=BOUNDARY,
    tags={"team": "ml"},
    kms_key=KEY,
    subnets=["subnet-0a1b2c3d", "subnet-1a1b2c3d"],
    security_group_ids=["sg-0a1b2c3d"],
)
# What SageMaker has made with tags; versions of models have those of their group.
MADE = [
    "CreateExperiment",
    "CreateModelPackageGroup",
    "CreateProcessingJob",
    "CreateTrainingJob",
    "CreateTrial",
]
JOBS = ["sagemaker:CreateTrainingJob", "sagemaker:CreateProcessingJob"]


def unless(operator: str, **keys: str) -> dict[str, dict[str, dict[str, str]]]:
    named = {key.replace("__", ":").replace("_of_", "/"): value for key, value in keys.items()}
    return {"Condition": {operator: named}}


ORGANIZATION = policy(
    allow("*"),
    deny("iam:CreateRole", **unless("StringNotEquals", iam__PermissionsBoundary=BOUNDARY)),
    {
        "Effect": "Deny",
        "Action": "iam:CreateRole",
        "NotResource": "arn:aws:iam::*:role/teams/ml/*",
    },
    deny(
        [
            "iam:CreateRole",
            "lambda:CreateFunction",
            "s3:CreateBucket",
            "sns:CreateTopic",
            "sqs:CreateQueue",
            "states:CreateStateMachine",
            *(f"sagemaker:{action}" for action in MADE),
        ],
        **unless("Null", aws__RequestTag_of_team="true"),
    ),
    deny(JOBS, **unless("Null", sagemaker__VpcSubnets="true")),
    deny(JOBS, **unless("StringNotEquals", sagemaker__VolumeKmsKey=KEY)),
    deny(JOBS, **unless("StringNotEquals", sagemaker__OutputKmsKey=KEY)),
    deny("lambda:CreateFunction", **unless("Null", lambda__SubnetIds="true")),
)
SERVICES = (
    *("cloudwatch", "ec2", "ecr", "events", "iam", "kms", "lambda"),
    *("logs", "s3", "sagemaker", "sns", "sqs", "states", "xray"),
)
EVERYTHING = allow([f"{service}:*" for service in SERVICES])


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    folder = tmp_path_factory.mktemp("governed")
    file = folder / "organization.json"
    file.write_text(ORGANIZATION, encoding="utf-8")
    arguments = ("--service-control-policy", str(file), "--lambda-retry-delays", "0.2,0.4")
    with (
        EmbeddedAws(folder / "aws", arguments=arguments) as started,
        pytest.MonkeyPatch.context() as environment,
    ):
        for name, value in started.environment().items():
            environment.setenv(name, value)
        started.client("iam").create_policy(PolicyName="limits", PolicyDocument=policy(EVERYTHING))
        yield started


@pytest.fixture(scope="module")
def plain() -> PipelineConfig:
    return light.settings(sample_config(config.load(PROJECT / "pipeline.toml")))


@pytest.fixture(scope="module")
def governed(
    aws: EmbeddedAws, plain: PipelineConfig, tmp_path_factory: pytest.TempPathFactory
) -> Pipeline:
    """The pipeline, whose scripts need a package that no index has: its wheel is shipped."""
    scripts = tmp_path_factory.mktemp("scripts")
    wheels = tmp_path_factory.mktemp("wheels")
    write_wheel(wheels)
    (scripts / "requirements.txt").write_text("only-shipped==1.0\n")
    for name in ("preprocessing.py", "main.py", "evaluation.py"):
        given = bundle.sources(plain.code.scripts)[name].read_text()
        (scripts / name).write_text(f"import only_shipped\n{given}")
    code = Code(scripts=[*plain.code.scripts, scripts])
    rules = RULES.model_copy(update={"wheels": wheels})
    pipeline = Pipeline(aws, PROJECT)
    pipeline.deploy(plain.model_copy(update={"account": rules, "code": code}))
    return pipeline


def write_wheel(folder: Path) -> None:
    """Write the wheel of a package of one empty module, only_shipped.

    https://packaging.python.org/en/latest/specifications/binary-distribution-format/
    """
    about = "only_shipped-1.0.dist-info"
    files = {
        "only_shipped.py": "",
        f"{about}/METADATA": "Metadata-Version: 2.1\nName: only-shipped\nVersion: 1.0\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{about}/RECORD": "",
    }
    with zipfile.ZipFile(folder / "only_shipped-1.0-py3-none-any.whl", "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)


def test_a_deployment_that_knows_no_rules_is_refused(
    aws: EmbeddedAws, plain: PipelineConfig
) -> None:
    with pytest.raises(ClientError, match="with an explicit deny in a service control policy"):
        Pipeline(aws, PROJECT).deploy(plain.model_copy(update={"name": "unruly"}))


def test_an_upload_ends_registered(governed: Pipeline, tmp_path: Path) -> None:
    arn = light.upload(governed, digits.write(tmp_path), "digits")

    governed.registered(arn)
    assert governed.failures(arn) == []
    run_id = governed.end_of(arn)["output"]["run_id"]
    trial = governed.sagemaker.describe_trial(TrialName=f"light-dev-{run_id}")
    assert trial["ExperimentName"] == "light-dev"
    job = governed.end_of(arn)["output"]["training_job"]["job_name"]
    described = governed.sagemaker.describe_training_job(TrainingJobName=job)
    tags = governed.sagemaker.list_tags(ResourceArn=described["TrainingJobArn"])["Tags"]
    assert {"Key": "team", "Value": "ml"} in tags
    assert described["VpcConfig"]["Subnets"] == RULES.subnets


def test_a_run_fails_at_what_the_boundary_lacks_though_its_policy_has_it(
    aws: EmbeddedAws, governed: Pipeline, tmp_path: Path
) -> None:
    with_less(aws, EVERYTHING, deny("sagemaker:CreateTrainingJob"))
    try:
        arn = light.upload(governed, digits.write(tmp_path), "limited")
        assert governed.end_of(arn)["status"] == "FAILED"
    finally:
        with_less(aws, EVERYTHING)

    assert any(
        "sagemaker:CreateTrainingJob" in failure
        and "with an explicit deny in a permissions boundary" in failure
        for failure in governed.failures(arn)
    )


def with_less(aws: EmbeddedAws, *statements: Statement) -> None:
    aws.client("iam").create_policy_version(
        PolicyArn=BOUNDARY, PolicyDocument=policy(*statements), SetAsDefault=True
    )
