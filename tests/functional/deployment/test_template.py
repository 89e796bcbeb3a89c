"""A stage that CloudFormation brings up: the same as a deployed one, and it retrains."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from cli.served.demo import sample_config
from local_aws.client import EmbeddedAws
from operations.data_sets import digits
from state_machine import config
from state_machine.account import Account
from state_machine.config import PipelineConfig, Schedule
from state_machine.deployment.resource import Action
from state_machine.deployment.stage import StageDeployment, apply, stage_deployment
from state_machine.template.package import Package, package
from tests.e2e.pipeline import Pipeline
from tests.faults import light
from tests.support.paths import PROJECT
from tests.support.roles import allow, policy
from tests.support.waiting import eventually

pytestmark = pytest.mark.slow

ARTIFACTS = "artifacts-of-the-team"
RULES = Account(
    role_path="/teams/ml/",
    permissions_boundary="arn:aws:iam::123456789012:policy/limits",
    tags={"team": "ml"},
    kms_key="arn:aws:kms:us-east-1:123456789012:key/0a1b2c3d-0000-4000-8000-0a1b2c3d4e5f",
    subnets=["subnet-0a1b2c3d", "subnet-1a1b2c3d"],
    security_group_ids=["sg-0a1b2c3d"],
)


class Stack:
    """A packaged stage, and the stack that is made of it as the package's README says."""

    def __init__(self, aws: EmbeddedAws, made: Package) -> None:
        self.name = made.names.prefix
        self.aws = aws
        self._made = made
        self._stacks = aws.client("cloudformation")

    def deploy(self) -> None:
        """What `aws s3 cp` and `aws cloudformation deploy` do."""
        s3 = self.aws.client("s3")
        for name, content in self._made.files.items():
            s3.put_object(Bucket=ARTIFACTS, Key=name, Body=content)
        change = {"StackName": self.name, "ChangeSetName": f"change-{self.name}"}
        self._stacks.create_change_set(
            **change,
            ChangeSetType="CREATE",
            TemplateURL=f"{self.aws.endpoint}/{ARTIFACTS}/template.json",
            Parameters=[{"ParameterKey": "ArtifactsBucket", "ParameterValue": ARTIFACTS}],
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )
        self._stacks.execute_change_set(**change)
        eventually(lambda: self.status() == "CREATE_COMPLETE")
        for name, content in self._made.files.items():
            if name.startswith("code/"):
                s3.put_object(Bucket=self.outputs()["Bucket"], Key=name, Body=content)

    def status(self) -> str:
        (stack,) = self._stacks.describe_stacks(StackName=self.name)["Stacks"]
        return str(stack["StackStatus"])

    def outputs(self) -> dict[str, str]:
        (stack,) = self._stacks.describe_stacks(StackName=self.name)["Stacks"]
        return {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}

    def delete(self) -> None:
        self._stacks.delete_stack(StackName=self.name)


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    with (
        EmbeddedAws(tmp_path_factory.mktemp("aws")) as started,
        pytest.MonkeyPatch.context() as environment,
    ):
        for name, value in started.environment().items():
            environment.setenv(name, value)
        started.client("s3").create_bucket(Bucket=ARTIFACTS)
        started.client("iam").create_policy(PolicyName="limits", PolicyDocument=policy(allow("*")))
        yield started


@pytest.fixture(scope="module")
def settings() -> PipelineConfig:
    """With a schedule and an account's rules, for everything that a stage may have."""
    quick = light.settings(sample_config(config.load(PROJECT / "pipeline.toml")))
    schedule = Schedule(enabled=True, expression="rate(7 days)")
    return quick.model_copy(update={"schedule": schedule, "account": RULES})


def stage(aws: EmbeddedAws, settings: PipelineConfig, name: str) -> StageDeployment:
    return stage_deployment(settings, name, aws.session(), PROJECT)


@pytest.fixture(scope="module")
def by_template(aws: EmbeddedAws, settings: PipelineConfig) -> StageDeployment:
    Stack(aws, package(settings, "stack", aws.region, PROJECT)).deploy()
    return stage(aws, settings, "stack")


def test_a_deployment_finds_nothing_to_do(by_template: StageDeployment) -> None:
    steps = by_template.plan()

    assert len(steps) > 30
    assert [(one.resource.name, one.details) for one in steps if one.action != Action.KEEP] == []


def seen(aws: EmbeddedAws, there: StageDeployment) -> dict[str, Any]:
    """What a plan does not compare, with the stage's name and what AWS makes up left out."""
    names, client = there.names, aws.client
    states = client("stepfunctions").describe_state_machine(stateMachineArn=names.state_machine_arn)
    found: dict[str, Any] = {
        "states": {**states, "definition": json.loads(states["definition"])},
        "notification": told_of(client("s3"), names.bucket),
        "group": client("sagemaker").describe_model_package_group(
            ModelPackageGroupName=there.model_package_group
        ),
    }
    for function in there.deployment.functions:
        name = names.function(function)
        described = client("lambda").get_function_configuration(FunctionName=name)
        of_code = ("Runtime", "Handler", "MemorySize", "Timeout", "Architectures", "PackageType")
        found[function] = {key: described.get(key) for key in of_code}
    for function in ("on_upload", "on_request", "announce", "announce_approval", "on_schedule"):
        policy = client("lambda").get_policy(FunctionName=names.function(function))["Policy"]
        found[f"{function} policy"] = json.loads(policy)["Statement"]
    for function in ("announce", "announce_approval", "on_schedule"):
        rule = names.rule(function)
        found[f"{function} rule"] = client("events").describe_rule(Name=rule)
        found[f"{function} targets"] = client("events").list_targets_by_rule(Rule=rule)["Targets"]
    return dict(_comparable(json.loads(json.dumps(found, default=str)), names.stage))


def told_of(s3: Any, bucket: str) -> list[Any]:
    """Which function is told of which event: a template's list has an entry for each of them."""
    found = s3.get_bucket_notification_configuration(Bucket=bucket)
    return sorted(
        (event, one["LambdaFunctionArn"], one["Filter"])
        for one in found["LambdaFunctionConfigurations"]
        for event in one["Events"]
    )


MADE_UP = {"ResponseMetadata", "CreationTime", "creationDate", "Sid", "Id", "revisionId"}


def _comparable(value: Any, stage: str) -> Any:
    if isinstance(value, dict):
        return {
            key: _comparable(item, stage)
            for key, item in value.items()
            if key not in MADE_UP and item != ""  # as Chalice describes a schedule
        }
    if isinstance(value, list):
        return [_comparable(item, stage) for item in value]
    return value.replace(stage, "STAGE") if isinstance(value, str) else value


def test_all_else_is_as_deployed(
    aws: EmbeddedAws, settings: PipelineConfig, by_template: StageDeployment
) -> None:
    deployed = stage(aws, settings, "chalice")
    apply(deployed.plan(), lambda _: None)

    assert seen(aws, by_template) == seen(aws, deployed)


def test_an_upload_ends_registered(
    aws: EmbeddedAws, by_template: StageDeployment, tmp_path: Path
) -> None:
    pipeline = Pipeline(aws, PROJECT)
    pipeline.deployment = by_template.deployment

    arn = light.upload(pipeline, digits.write(tmp_path), "by-template")

    found = pipeline.registered(arn)
    assert found["ModelPackageGroupName"] == "light-stack"
    assert found["ModelApprovalStatus"] == "PendingManualApproval"


def test_what_holds_data_outlives_the_stack(aws: EmbeddedAws, settings: PipelineConfig) -> None:
    stack = Stack(aws, package(settings, "brief", aws.region, PROJECT))
    stack.deploy()
    there = stage(aws, settings, "brief")

    stack.delete()

    left = {step.resource.kind for step in there.removal_plan(with_data=True)}
    assert left == {"bucket", "code", "model package group", "queue", "log group"}


def test_the_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def retrain(*words: str) -> str:
        shown = CliRunner().invoke(app, ["package", *words])
        return shown.output

    words = ("--stage", "cmd", "--config", str(PROJECT / "pipeline.toml"))
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    assert "set AWS_DEFAULT_REGION" in retrain(*words)

    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    shown = retrain(*words, "--output", str(tmp_path))

    assert "aws cloudformation deploy --template-file template.json" in shown
    made = json.loads((tmp_path / "template.json").read_text())
    assert made["Rules"]["Region"]["Assertions"][0]["Assert"]["Fn::Equals"][1] == "eu-central-1"
    assert len(list(tmp_path.glob("code/*/sourcedir.tar.gz"))) == 1
