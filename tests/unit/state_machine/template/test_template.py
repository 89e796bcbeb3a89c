"""The template and what lies beside it, without an AWS."""

import copy
import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import boto3
import pytest
from cfnlint.api import lint
from cfnlint.core import get_rules

from state_machine.account import Account
from state_machine.artifacts.lambda_zip import LambdaZip, reproducible
from state_machine.config import PipelineConfig, Schedule
from state_machine.deployment.stage import StageDeployment
from state_machine.template.package import package
from state_machine.template.template import substituted, template, template_names
from tests.support.paths import PROJECT

RULES = Account(
    role_path="/teams/ml/",
    permissions_boundary="arn:aws:iam::123456789012:policy/limits",
    tags={"team": "ml"},
    kms_key="arn:aws:kms:us-east-1:123456789012:key/0a1b2c3d-0000-4000-8000-0a1b2c3d4e5f",
    subnets=["subnet-0a1b2c3d", "subnet-1a1b2c3d"],
    security_group_ids=["sg-0a1b2c3d"],
)
SERVER = "arn:aws:sagemaker:us-east-1:123456789012:mlflow-tracking-server/ours"


def built(pipeline: PipelineConfig, region: str = "us-east-1") -> dict[str, Any]:
    names = template_names("retrain", "anna", region, pipeline.account.role_path)
    stage = StageDeployment(pipeline, names, boto3.Session(region_name=region), PROJECT)
    stage.app.package = LambdaZip(b"a zip")
    return template(stage)


def with_everything(pipeline: PipelineConfig) -> PipelineConfig:
    tracking = pipeline.tracking.model_copy(update={"mlflow_tracking_uri": SERVER})
    schedule = Schedule(enabled=True, expression="rate(7 days)")
    changes = {"schedule": schedule, "tracking": tracking, "account": RULES}
    return pipeline.model_copy(update=changes)


def problems(made: dict[str, Any], region: str, *levels: str) -> list[str]:
    """What cfn-lint says: errors and warnings, and `levels`; none of its rules is left out."""
    rules = get_rules([], [], ["E", "W", *levels])
    return [str(match) for match in lint(json.dumps(made), rules, [region])]


@pytest.mark.parametrize(
    "region",
    [
        "us-east-1",
        pytest.param("eu-central-1", marks=pytest.mark.slow),
        pytest.param("us-gov-west-1", marks=pytest.mark.slow),
    ],
)
def test_cfn_lint_finds_nothing(pipeline: PipelineConfig, region: str) -> None:
    assert problems(built(pipeline, region), region, "I") == []


@pytest.mark.slow
def test_nor_with_a_schedule_tracking_and_an_accounts_rules(pipeline: PipelineConfig) -> None:
    assert problems(built(with_everything(pipeline)), "us-east-1") == []


def test_a_schedule_has_a_rule(pipeline: PipelineConfig) -> None:
    made = built(with_everything(pipeline))

    assert made["Resources"]["OnScheduleRule"]["Properties"]["ScheduleExpression"] == "rate(7 days)"
    assert not {name for name in built(pipeline)["Resources"] if name.startswith("OnSchedule")}


def test_roles_and_what_can_have_tags_have_what_the_account_asks_for(
    pipeline: PipelineConfig,
) -> None:
    made = built(with_everything(pipeline))["Resources"]

    tagged = [{"Key": "team", "Value": "ml"}]
    untaggable = {
        "AWS::Lambda::EventInvokeConfig",
        "AWS::Lambda::Permission",
        "AWS::Lambda::Version",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::Subscription",
    }
    for name, one in made.items():
        tags = one["Properties"].get("Tags", [])
        assert (one["Type"] in untaggable) != (tagged[0] in tags), name
    roles = [one["Properties"] for one in made.values() if one["Type"] == "AWS::IAM::Role"]
    assert {(role["Path"], role["PermissionsBoundary"]) for role in roles} == {
        (RULES.role_path, RULES.permissions_boundary)
    }
    assert "role/teams/ml/retrain-anna-train-" in json.dumps(made["StatesRole"])


@pytest.mark.slow
def test_cfn_lint_would_find_what_is_wrong(pipeline: PipelineConfig) -> None:
    made = copy.deepcopy(built(pipeline))
    role = made["Resources"]["TrainRole"]["Properties"]["Policies"][0]
    role["PolicyDocument"]["Statement"][0]["Action"] = ["s3:ListBuckets2"]
    made["Resources"]["OnUploadFunction"]["Properties"]["Timeout"] = 901

    found = " ".join(problems(made, "us-east-1"))

    assert "listbuckets2" in found
    assert "901" in found


def test_no_account_of_anybody_stands_in_it(pipeline: PipelineConfig) -> None:
    text = json.dumps(built(pipeline))

    # The twelve digits that are there name AWS's own repositories of images.
    assert set(re.findall(r"(?<!\d)\d{12}(?!\d)", text)) == {"763104351884"}
    assert "arn:aws:" not in text


def test_what_holds_data_stays_when_the_stack_goes(pipeline: PipelineConfig) -> None:
    found = built(pipeline)["Resources"].values()

    kept = {one["Type"] for one in found if one.get("DeletionPolicy") == "Retain"}

    assert kept == {
        "AWS::S3::Bucket",
        "AWS::S3::BucketPolicy",
        "AWS::SageMaker::ModelPackageGroup",
        "AWS::SQS::Queue",
        "AWS::Logs::LogGroup",
        "AWS::Lambda::Version",  # holds what executions go on with when an update has another one
    }


def test_a_variable_of_somebody_else_is_text() -> None:
    assert substituted("${AWS::AccountId}") == {"Ref": "AWS::AccountId"}
    assert substituted(["${x}", 1]) == ["${x}", 1]
    assert substituted({"a": "${AWS::Partition} ${x}"}) == {
        "a": {"Fn::Sub": "${AWS::Partition} ${!x}"}
    }


def test_the_same_sources_make_the_same_package(pipeline: PipelineConfig) -> None:
    made = package(pipeline, "anna", "us-east-1", PROJECT)
    again = package(pipeline, "anna", "us-east-1", PROJECT)

    assert made.files == again.files
    (zipped,) = (name for name in made.files if name.endswith(".zip"))
    with zipfile.ZipFile(io.BytesIO(made.files[zipped])) as archive:
        assert {"app.py", "lambdas/gate/gate.py"} < set(archive.namelist())
    functions = json.loads(made.files["template.json"])["Resources"]
    assert functions["OnUploadFunction"]["Properties"]["Code"]["S3Key"] == zipped
    readme = made.files["README.md"].decode()
    assert all(command in readme for command in made.commands)
    assert {name.partition("/")[0] for name in made.files} == {
        "template.json",
        "README.md",
        "code",
        zipped,
    }


def test_a_zip_has_no_times_and_no_order_of_its_own(tmp_path: Path) -> None:
    for name, year, order in (("one", 1999, ("a", "b")), ("two", 2024, ("b", "a"))):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            for file in order:
                archive.writestr(zipfile.ZipInfo(file, (year, 1, 1, 0, 0, 0)), file)

    assert reproducible(tmp_path / "one") == reproducible(tmp_path / "two")
