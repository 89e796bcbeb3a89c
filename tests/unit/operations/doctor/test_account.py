"""Region, credentials, the stage's names and its bucket."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from operations.doctor.account import (
    Account,
    bucket,
    examine,
    key,
    network,
    patient_session,
    region,
    stage_name,
)
from operations.doctor.findings import Finding, Level
from state_machine.account import NO_RULES
from state_machine.account import Account as Rules
from state_machine.names import Names
from tests.fakes.s3 import FakeS3
from tests.fakes.terminal import client_error

NAMES = Names("retrain", "dev", "123456789012", "us-east-1")


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A shell without credentials, region and profiles."""
    for name in (
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_PROFILE",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_ENDPOINT_URL",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))


def by_name(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}


def test_without_a_region_it_says_what_to_type() -> None:
    account, (finding,) = examine(patient_session, "retrain", "dev")
    assert account is None
    assert (finding.name, finding.level) == ("region", Level.PROBLEM)
    assert "AWS_DEFAULT_REGION" in finding.next_step


@pytest.mark.parametrize("name", ["us-esat-1", "us-iso-east-7"])
def test_a_region_that_does_not_exist_is_a_problem(name: str) -> None:
    finding = region(boto3.Session(region_name=name))
    assert finding.level is Level.PROBLEM
    assert f"{name} has no sagemaker" in finding.found


@pytest.mark.parametrize("name", ["us-east-1", "eu-central-1", "cn-north-1", "us-gov-west-1"])
def test_the_regions_of_every_partition_are_known(name: str) -> None:
    assert region(boto3.Session(region_name=name)).level is Level.OK


def test_without_credentials_it_says_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    account, findings = examine(patient_session, "retrain", "dev")
    assert account is None
    finding = by_name(findings)["credentials"]
    assert finding.level is Level.PROBLEM
    assert "Unable to locate credentials" in finding.found
    assert "aws configure" in finding.next_step


def test_a_profile_that_does_not_exist_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    account, (finding,) = examine(patient_session, "retrain", "dev")
    assert account is None
    assert "nobody" in finding.found
    assert "AWS_PROFILE" in finding.next_step


def test_an_endpoint_where_nothing_answers_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, AWS_ENDPOINT_URL="http://127.0.0.1:9")
    account, findings = examine(patient_session, "retrain", "dev")
    assert account is None
    assert "AWS_ENDPOINT_URL" in by_name(findings)["credentials"].next_step


def test_an_account_is_named_with_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch)
    with mock_aws():
        account, findings = examine(patient_session, "retrain", "dev")
    assert account is not None
    assert account.is_real
    assert account.names == NAMES
    assert "account 123456789012, arn:aws:" in by_name(findings)["credentials"].found
    assert "costs money" in by_name(findings)["endpoint"].found
    assert {f.level for f in findings} == {Level.OK}


@pytest.mark.parametrize(
    ("endpoint", "real"),
    [
        ("https://sts.us-east-1.amazonaws.com", True),
        ("https://sts.cn-north-1.amazonaws.com.cn", True),
        ("http://127.0.0.1:5000", False),
        ("https://amazonaws.com.example.org", False),
    ],
)
def test_an_account_is_real_where_aws_answers(endpoint: str, real: bool) -> None:
    assert Account(NAMES, "arn:aws:iam::123456789012:user/me", endpoint, None).is_real is real  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "code", ["ExpiredToken", "InvalidClientTokenId", "SignatureDoesNotMatch", "AccessDenied"]
)
def test_credentials_that_aws_refuses_are_a_problem_with_its_reason(code: str) -> None:
    class Refused(boto3.Session):
        def client(self, *_: Any, **__: Any) -> Any:
            raise client_error(code, message="The security token is not good")

    account, findings = examine(lambda: Refused(region_name="us-east-1"), "retrain", "dev")

    assert account is None
    finding = by_name(findings)["credentials"]
    assert finding.level is Level.PROBLEM
    assert "The security token is not good" in finding.found
    assert code in finding.found
    assert "aws configure" in finding.next_step


def test_a_name_that_aws_refuses_is_a_problem() -> None:
    finding = stage_name(replace(NAMES, stage="Dev"), "fashion-mnist-Dev")
    assert finding.level is Level.PROBLEM
    assert "'Dev'" in finding.found
    assert stage_name(NAMES, "fashion-mnist-dev").level is Level.OK


def test_the_bucket_is_free_ours_or_somebody_elses() -> None:
    free, ours, others = FakeS3(), FakeS3(NAMES.bucket), FakeS3()
    others.refuse("HeadBucket", "403", 403)
    assert "is free" in bucket(NAMES, free).found  # type: ignore[arg-type]
    assert "is this account's" in bucket(NAMES, ours).found  # type: ignore[arg-type]
    taken = bucket(NAMES, others)  # type: ignore[arg-type]
    assert taken.level is Level.PROBLEM
    assert "another account's" in taken.found
    (_, request) = ours.calls[0]
    assert request["ExpectedBucketOwner"] == NAMES.account


def test_another_answer_about_the_bucket_is_left_to_the_caller() -> None:
    s3 = FakeS3()
    s3.refuse("HeadBucket", "500", 500)
    with pytest.raises(type(client_error("500"))):
        bucket(NAMES, s3)  # type: ignore[arg-type]


def given(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    """Have a region, and credentials that nobody looks at."""
    for name, value in {
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        **variables,
    }.items():
        monkeypatch.setenv(name, value)


KEY = "arn:aws:kms:us-east-1:123456789012:key/0a1b2c3d-0000-4000-8000-0a1b2c3d4e5f"


class Keys:
    """A session whose KMS describes one key."""

    def __init__(self, **described: str) -> None:
        self._described = {"KeyState": "Enabled", "KeySpec": "SYMMETRIC_DEFAULT"} | described

    def client(self, service: str) -> "Keys":
        assert service == "kms"
        return self

    def describe_key(self, **request: str) -> dict[str, Any]:
        assert request == {"KeyId": KEY}
        return {"KeyMetadata": self._described}


def examined(rules: Rules, **described: str) -> list[Finding]:
    session: Any = Keys(**described)
    return key(rules, Account(NAMES, "", "", session))


def test_no_key_is_not_looked_at() -> None:
    assert examined(NO_RULES) == []


def test_of_a_key_that_encrypts_its_policy_is_not_known() -> None:
    (finding,) = examined(Rules(kms_key=KEY))
    assert finding.level is Level.WARNING
    assert "whether its policy lets services use it is not known" in finding.found


@pytest.mark.parametrize(
    "described",
    [{"KeyState": "PendingDeletion"}, {"KeyState": "Disabled"}, {"KeySpec": "RSA_2048"}],
)
def test_a_key_that_does_not_encrypt_is_a_problem(described: dict[str, str]) -> None:
    (finding,) = examined(Rules(kms_key=KEY), **described)
    assert finding.level is Level.PROBLEM
    assert "expected Enabled, SYMMETRIC_DEFAULT" in finding.found


def test_a_key_of_another_region_is_a_problem() -> None:
    (finding,) = examined(Rules(kms_key=KEY.replace("us-east-1", "eu-west-1")))
    assert finding.level is Level.PROBLEM


def test_of_a_network_it_is_not_known_where_it_leads() -> None:
    (finding,) = network(Rules(subnets=["subnet-1"], security_group_ids=["sg-1"]))
    assert finding.level is Level.WARNING
    assert "subnet-1; whether they reach AWS's services" in finding.found
    assert network(NO_RULES) == []
