"""In a shell that `retrain local env` has pointed, SDKs that name endpoints of AWS ask us too."""

from pathlib import Path

import boto3
import pytest

from local_aws import sdk_files
from local_aws.client import EmbeddedAws
from tests.support.hostile_shell import hostile_variables
from tests.support.roles import allow, make_role
from tests.support.watched import run

ASKED_WITH_ENDPOINTS = """
import boto3, json, os

def named(domain):
    return boto3.client("sts", endpoint_url=f"https://sts.us-east-1.{domain}")

def arn(client):
    return client.get_caller_identity()["Arn"]

def refused():
    try:
        arn(boto3.client("sts", endpoint_url="https://sts.example"))
    except Exception as error:
        return str(error)

os.environ["AWS_MAX_ATTEMPTS"] = "1"
tell(
    plain=arn(boto3.client("sts")),
    aws=arn(named("amazonaws.com")),
    china=arn(named("amazonaws.com.cn")),
    dual=arn(named("api.aws")),
    elsewhere=refused(),
)
"""
SESSION = """
import boto3, sagemaker
from sagemaker.config import load_sagemaker_config

me = boto3.client("sts").assume_role(RoleArn="ROLE", RoleSessionName="me")["Credentials"]
of_role = boto3.Session(me["AccessKeyId"], me["SecretAccessKey"], me["SessionToken"])
session = sagemaker.Session()

def execution_role(**session):
    try:
        return sagemaker.get_execution_role(**session)
    except ValueError as error:
        return str(error)

tell(
    bucket=session.default_bucket(),
    account=session.account_id(),
    role=execution_role(sagemaker_session=sagemaker.Session(of_role)),
    of_a_user=execution_role(),
    settings=load_sagemaker_config(),
)
"""
USER = "arn:aws:sts::123456789012:user/moto"


def test_the_sagemaker_session_asks_us(embedded_aws: EmbeddedAws, tmp_path: Path) -> None:
    role = make_role(embedded_aws, allow("*"))
    before = hostile_variables("http://127.0.0.1:9", tmp_path)
    before["SAGEMAKER_USER_CONFIG_OVERRIDE"] = "s3://of-another-account/config.yaml"
    done = run(embedded_aws, SESSION.replace("ROLE", role), tmp_path, before)

    assert done.left == []
    assert done.told["bucket"] == "sagemaker-us-east-1-123456789012"
    assert done.told["account"] == "123456789012"
    assert done.told["role"] == role
    # As for any user of AWS who is no role: https://github.com/aws/sagemaker-python-sdk
    assert f"The current AWS identity is not a role: {USER}" in done.told["of_a_user"]
    modules = done.told["settings"]["SageMaker"]["PythonSDK"]["Modules"]
    assert modules == {"TelemetryOptOut": True}


def test_endpoints_of_aws_are_ours_and_others_are_not(
    embedded_aws: EmbeddedAws, tmp_path: Path
) -> None:
    done = run(embedded_aws, ASKED_WITH_ENDPOINTS, tmp_path)
    elsewhere = done.told.pop("elsewhere")
    assert done.told == dict.fromkeys(("plain", "aws", "china", "dual"), USER)
    assert 'Could not connect to the endpoint URL: "https://sts.example/"' in elsewhere
    assert set(done.left) == {"sts.example"}


def test_the_watch_sees_who_leaves(embedded_aws: EmbeddedAws, tmp_path: Path) -> None:
    script = (
        "import urllib.request\n"
        "try:\n    urllib.request.urlopen('http://example.com')\n"
        "except OSError:\n    pass\n"
    )
    assert run(embedded_aws, script, tmp_path).left == ["example.com"]


@pytest.mark.parametrize("folder", ["plain", "with a space", "it's"])
def test_the_rules_are_found_wherever_the_data_folder_lies(
    tmp_path: Path, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sdk_files.write(tmp_path / folder, "http://127.0.0.1:9")
    for name, value in sdk_files.variables(sdk_files.folder(tmp_path / folder)).items():
        monkeypatch.setenv(name, value)
    client = boto3.Session(region_name="us-east-1").client(
        "sts", endpoint_url="https://sts.x.api.aws"
    )
    resolved = client._resolve_endpoint_ruleset(
        client.meta.service_model.operation_model("GetCallerIdentity"), {}, {}
    )
    assert resolved[0] == "http://127.0.0.1:9"
