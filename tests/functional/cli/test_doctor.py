"""`retrain doctor` against the embedded AWS."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from cli.main import app
from local_aws.client import EmbeddedAws
from operations.doctor import doctor
from operations.doctor.account import patient_session
from operations.doctor.findings import Finding, Level
from state_machine.config import load
from state_machine.deployment.bucket import Bucket
from state_machine.names import Names, names_of
from tests.functional.faults import Faults
from tests.functional.sagemaker_requests import unique
from tests.support.asking import ask
from tests.support.paths import PROJECT

PROCESSING = "L-0307F515"  # ml.m5.xlarge for processing job usage
READING = re.compile(r"^(Describe|Get|List|Head|Simulate|Validate)[A-Z]")

Run = Callable[..., Result]


@pytest.fixture
def stage(embedded_aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch) -> str:
    """A stage of its own, and the shell of a person who works on it."""
    monkeypatch.chdir(PROJECT)
    for name, value in embedded_aws.environment().items():
        monkeypatch.setenv(name, value)
    return unique("t")[:12]


@pytest.fixture
def run(stage: str) -> Run:
    """Return a function that runs `retrain doctor` with these words for the stage."""
    return lambda *words: CliRunner().invoke(app, ["doctor", "--stage", stage, *words])


@pytest.fixture
def names(embedded_aws: EmbeddedAws, stage: str) -> Names:
    return names_of("retrain", stage, embedded_aws.session())


@pytest.fixture
def set_quotas(embedded_aws: EmbeddedAws) -> Iterator[Callable[[dict[str, float]], None]]:
    """Give the account these quotas; they are taken back."""

    def send(method: str, body: bytes | None = None) -> None:
        ask(embedded_aws, "/moto-api/service-quotas", body, method)

    yield lambda quotas: send("POST", json.dumps(quotas).encode())
    send("DELETE")


def findings(result: Result) -> dict[str, dict[str, Any]]:
    """The findings of `--json` by their names."""
    return {found["name"]: found for found in json.loads(result.stdout)["findings"]}


def test_before_the_first_deployment_there_is_nothing_but_the_data_to_bring(run: Run) -> None:
    result = run()

    assert result.exit_code == 0, result.output
    assert "✓ quota ml.m5.xlarge for processing job usage: 1000 allowed, 1 needed" in result.output
    assert "an embedded AWS, not an account" in result.output
    assert "! uploaded data: there is no bucket" in result.output
    assert result.output.rstrip().endswith("0 problems, 1 warning")


def test_a_quota_of_0_is_a_problem_with_the_command_that_raises_it(
    run: Run, set_quotas: Callable[[dict[str, float]], None], embedded_aws: EmbeddedAws
) -> None:
    set_quotas({PROCESSING: 0})

    result = run()

    assert result.exit_code == 1
    assert "✗ quota ml.m5.xlarge for processing job usage: 0 allowed, 1 needed" in result.output
    assert (
        "  Next: aws service-quotas request-service-quota-increase --service-code sagemaker "
        f"--quota-code {PROCESSING} --desired-value 1 --region {embedded_aws.region}"
    ) in result.output
    assert "1 problem, 1 warning" in result.output


def test_json_says_the_same(run: Run, set_quotas: Callable[[dict[str, float]], None]) -> None:
    assert json.loads(run("--json").stdout)["ok"] is True
    set_quotas({PROCESSING: 0})

    result = run("--json")

    assert result.exit_code == 1
    assert json.loads(result.stdout)["ok"] is False
    found = findings(result)
    assert found["quota ml.m5.xlarge for processing job usage"]["level"] == "problem"
    assert {f["level"] for name, f in found.items() if not name.startswith("quota ml.m5.x")} == {
        "ok",
        "warning",
    }


def test_the_data_set_in_the_bucket_is_looked_at(
    run: Run, names: Names, embedded_aws: EmbeddedAws
) -> None:
    s3 = embedded_aws.client("s3")
    Bucket(names, s3).create()
    files = load(PROJECT / "pipeline.toml").data.required_files
    put = [s3.put_object(Bucket=names.bucket, Key=f"raw_data/fashion-mnist/{files[0]}", Body=b"1")]
    incomplete = run("--json")
    put += [
        s3.put_object(Bucket=names.bucket, Key=f"raw_data/fashion-mnist/{file}", Body=b"1")
        for file in files[1:]
    ]
    complete = run("--json")

    assert len(put) == len(files)
    assert findings(incomplete)["uploaded data"]["level"] == "problem"
    assert files[1] in findings(incomplete)["uploaded data"]["found"]
    assert findings(complete)["uploaded data"]["level"] == "ok"
    assert "is this account's" in findings(complete)["bucket"]["found"]


def test_a_folder_is_looked_at_before_it_is_uploaded(run: Run, tmp_path: Path) -> None:
    result = run("--data", str(tmp_path))
    assert result.exit_code == 1
    for name in load(PROJECT / "pipeline.toml").data.required_files:
        assert f"✗ data to upload: {tmp_path / name} is missing" in result.output


def test_without_a_configuration_the_account_is_still_named(run: Run, tmp_path: Path) -> None:
    result = run("--config", str(tmp_path / "none.toml"))
    assert result.exit_code == 1
    assert "none.toml: not found" in result.output
    assert "✓ credentials: account 123456789012" in result.output
    assert "first a valid pipeline.toml" in result.output


def test_a_role_that_may_not_deploy_hears_which_actions_it_lacks(
    run: Run, names: Names, embedded_aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    iam, role = embedded_aws.client("iam"), unique("deployer")
    arn = iam.create_role(RoleName=role, AssumeRolePolicyDocument="{}", Path="/team/")["Role"][
        "Arn"
    ]
    allow = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    deny = {"Effect": "Deny", "Action": "s3:Create*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow, deny]})
    iam.put_role_policy(RoleName=role, PolicyName="p", PolicyDocument=policy)
    credentials = embedded_aws.client("sts").assume_role(RoleArn=arn, RoleSessionName="ada")
    for variable, member in (
        ("AWS_ACCESS_KEY_ID", "AccessKeyId"),
        ("AWS_SECRET_ACCESS_KEY", "SecretAccessKey"),
        ("AWS_SESSION_TOKEN", "SessionToken"),
    ):
        monkeypatch.setenv(variable, credentials["Credentials"][member])

    found = findings(run("--json"))

    assert f"assumed-role/{role}/ada" in found["credentials"]["found"]
    assert found["permissions"]["level"] == "problem"
    assert found["permissions"]["found"] == f"{arn} may not s3:CreateBucket on the bucket"


def test_nothing_is_asked_but_reading_and_nothing_is_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(PROJECT)
    # Of its own: moto cannot tell of everything that other tests put into theirs.
    with EmbeddedAws(tmp_path) as aws:
        for name, value in aws.environment().items():
            monkeypatch.setenv(name, value)
        _ask_and_compare(aws, names_of("retrain", "prod", aws.session()))


def _ask_and_compare(aws: EmbeddedAws, names: Names) -> None:
    Bucket(names, aws.client("s3")).create()
    calls: list[str] = []

    def session() -> Any:
        opened = patient_session()
        opened.events.register("before-call", lambda model, **_: calls.append(model.name))
        return opened

    before = state(aws)
    patient = doctor.Patient(Path("pipeline.toml"), names.stage, open_session=session)
    found = list(doctor.examine(patient))

    assert names.bucket in json.dumps(before)
    assert state(aws) == before
    assert {"GetCallerIdentity", "ListServiceQuotas", "HeadBucket"} <= set(calls)
    assert [name for name in calls if not READING.match(name)] == []
    assert all(isinstance(finding, Finding) and finding.level in Level for finding in found)


def state(aws: EmbeddedAws) -> Any:
    """Everything that moto keeps, by its own account."""
    return json.loads(ask(aws, "/moto-api/data.json"))


@pytest.mark.parametrize(
    ("call", "name"),
    [
        ("service-quotas/*", "quotas of SageMaker"),
        ("s3/*", "bucket"),
        ("iam/*", "permissions"),
    ],
)
def test_what_aws_does_not_answer_is_a_warning(
    run: Run, embedded_aws: EmbeddedAws, call: str, name: str
) -> None:
    faults = Faults(embedded_aws)
    faults.set({"call": call, "kind": "error"})
    try:
        result = run("--json")
    finally:
        faults.clear()
    assert result.exit_code == 0, result.output
    assert findings(result)[name]["level"] == "warning"
