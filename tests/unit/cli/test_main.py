"""The `retrain` command as a person meets it: help, errors, exit codes."""

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
import typer
from click.testing import Result
from moto import mock_aws
from typer.testing import CliRunner

from cli.main import app
from tests.support.paths import PROJECT

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:retrain-dev"
HEAVY = {"boto3", "botocore", "numpy", "pydantic", "sagemaker", "stepfunctions", "tensorflow"}

runner = CliRunner()


def commands() -> list[list[str]]:
    """The words of every command and group."""
    found = []

    def walk(command, words: list[str]) -> None:  # type: ignore[no-untyped-def]
        found.append(words)
        for name, below in getattr(command, "commands", {}).items():
            walk(below, [*words, name])

    walk(typer.main.get_command(app), [])
    return found


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty account of moto's, and the project's folder as the working directory."""
    monkeypatch.chdir(PROJECT)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        yield


@pytest.fixture
def machine(aws: None) -> str:
    """A state machine where the stage dev has its own."""
    created = boto3.client("stepfunctions").create_state_machine(
        name="retrain-dev",
        definition=json.dumps({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}),
        roleArn="arn:aws:iam::123456789012:role/states",
    )
    return created["stateMachineArn"]


@pytest.mark.parametrize("words", commands()[1:], ids=" ".join)
def test_every_command_has_help_with_an_example(words: list[str]) -> None:
    result = runner.invoke(app, [*words, "--help"])
    assert result.exit_code == 0
    assert f"Example: retrain {' '.join(words)}" in result.output


@pytest.mark.parametrize("words", commands()[1:], ids=" ".join)
def test_every_command_and_option_is_described(words: list[str]) -> None:
    command = typer.main.get_command(app)
    for word in words:
        command = command.commands[word]  # type: ignore[attr-defined]
    assert command.help
    for parameter in command.params:
        assert getattr(parameter, "help", None), f"{words} {parameter.name}"


def test_the_help_lists_all_commands() -> None:
    result = runner.invoke(app, ["--help"])
    for words in commands()[1:]:
        if len(words) == 1:
            assert words[0] in result.output


def test_help_loads_nothing_heavy() -> None:
    code = f"import sys, cli.main; print(sorted({HEAVY!r} & set(sys.modules)))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("{", "--input is malformed"),
        ('{"hyperparameters": {"learning-rate": NaN}}', "hyperparameters.learning-rate: NaN"),
        ('{"hyperparameters": {"epochs": 1e999}}', "hyperparameters.epochs: 1e999 is too large"),
        ("[1]", "--input is list, expected a JSON object"),
    ],
)
def test_an_input_that_is_no_json_object_is_an_error(given: str, problem: str) -> None:
    result = runner.invoke(app, ["start", "--input", given])
    assert result.exit_code == 1
    assert problem in result.output
    assert "Next: " in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    "command", [["start"], ["watch"], ["upload", "pipeline.toml"], ["events", "list"]]
)
def test_a_stage_that_is_not_deployed_names_the_next_step(aws: None, command: list[str]) -> None:
    result = runner.invoke(app, command)
    assert result.exit_code == 1
    assert "✗ Error: " in result.output
    assert "retrain deploy" in result.output


@pytest.mark.parametrize("given", [[], ["--all", "an-id"]])
def test_replay_wants_ids_or_all(given: list[str]) -> None:
    result = runner.invoke(app, ["events", "replay", *given])
    assert result.exit_code == 1
    assert "expected one of the two" in result.output
    assert "retrain events list" in result.output


def test_watch_without_any_execution_says_so(machine: str) -> None:
    result = runner.invoke(app, ["watch"])
    assert result.exit_code == 1
    assert "There is no execution yet" in result.output


@pytest.mark.parametrize("command", ["watch", "redrive"])
def test_an_unknown_execution_is_one_line(machine: str, command: str) -> None:
    result = runner.invoke(app, [command, "unknown"])
    assert result.exit_code == 1
    assert "Execution Does Not Exist" in result.output
    assert "Next: check its name, and --stage" in result.output


def test_watch_of_an_aborted_execution_by_name_exits_with_1(machine: str) -> None:
    client = boto3.client("stepfunctions")
    started = client.start_execution(stateMachineArn=machine, name="mine", input="{}")
    client.stop_execution(executionArn=started["executionArn"])
    result = runner.invoke(app, ["watch", "mine"])
    assert result.exit_code == 1
    assert "ABORTED" in result.output
    assert started["executionArn"] in result.output


def test_a_missing_configuration_is_one_line(tmp_path: Path) -> None:
    result = runner.invoke(app, ["demo", "--config", str(tmp_path / "no.toml")])
    assert result.exit_code == 1
    assert "no.toml: not found" in result.output
    assert "Traceback" not in result.output


def test_without_credentials_the_next_step_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(PROJECT)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    result = runner.invoke(app, ["start"])
    assert result.exit_code == 1
    assert "Unable to locate credentials" in result.output
    assert "retrain local run" in result.output


@pytest.mark.parametrize("words", [["-h"], ["deploy", "-h"], ["local", "env", "-h"]], ids=" ".join)
def test_h_is_help(words: list[str]) -> None:
    short = runner.invoke(app, words)
    assert short.exit_code == 0
    assert short.output == runner.invoke(app, [*words[:-1], "--help"]).output


def test_the_version_is_that_of_pyproject() -> None:
    expected = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["version"]
    result = runner.invoke(app, ["--version"])
    assert (result.exit_code, result.output) == (0, f"retrain {expected}\n")


@pytest.mark.parametrize("given", ["", "arn:foo", "a b", f"{MACHINE}:x", "x" * 81])
@pytest.mark.parametrize("command", ["redrive", "watch"])
def test_what_names_no_execution_is_a_usage_line(machine: str, command: str, given: str) -> None:
    if (command, given) == ("watch", ""):
        return  # the newest one
    result = runner.invoke(app, [command, given])
    assert result.exit_code == 1
    assert f"EXECUTION: found {given!r}, expected a name such as" in result.output


# Every command that talks to AWS, with what else it has to be given.
ASKING = [
    ["deploy", "--plan"],
    ["destroy", "--plan"],
    ["events", "list"],
    ["events", "replay", "--all"],
    ["models", "approve", "1", "--reason", "x"],
    ["models", "compare", "1", "2"],
    ["models", "list"],
    ["models", "reject", "1", "--reason", "x"],
    ["models", "rollback", "--reason", "x"],
    ["models", "show", "1"],
    ["redrive", "x"],
    ["reproduce", "1"],
    ["start"],
    ["upload", "docs"],
    ["watch"],
]


@pytest.mark.parametrize("words", ASKING, ids=" ".join)
def test_a_stage_that_aws_would_refuse_is_one_line(aws: None, words: list[str]) -> None:
    result = runner.invoke(app, [*words, "--stage", "feature/x"])
    assert result.exit_code == 1, result.exception
    assert "--stage: found 'feature/x', expected lower-case letters" in result.output


CONFIG_FILE = """[profile sso]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = Admin
region = us-east-1
[sso-session corp]
sso_start_url = https://corp.awsapps.com/start
sso_region = us-east-1
[profile legacy]
sso_start_url = https://corp.awsapps.com/start
sso_region = us-east-1
sso_account_id = 123456789012
sso_role_name = Admin
region = us-east-1
[profile process]
credential_process = /bin/false
region = us-east-1
[profile no-process]
credential_process = /no/such/program
region = us-east-1
[profile partial]
aws_access_key_id = AKIA
region = us-east-1
[profile no-region]
aws_access_key_id = AKIA
aws_secret_access_key = secret
[profile circle]
role_arn = arn:aws:iam::123456789012:role/x
source_profile = circle
region = us-east-1
[profile no-source]
role_arn = arn:aws:iam::123456789012:role/x
source_profile = gone
region = us-east-1
[profile odd-source]
role_arn = arn:aws:iam::123456789012:role/x
credential_source = Nowhere
region = us-east-1
[profile web]
role_arn = arn:aws:iam::123456789012:role/x
web_identity_token_file = /no/such/token
region = us-east-1
[profile retries]
region = us-east-1
retry_mode = sometimes
aws_access_key_id = AKIA
aws_secret_access_key = secret
"""


@pytest.fixture
def only_profiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No variable of AWS but a configuration file; the network is not asked."""
    monkeypatch.chdir(PROJECT)
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    (tmp_path / "config").write_text(CONFIG_FILE)
    return tmp_path


def one_line(result: Result) -> str:
    """The error of a command, which has to be one, with what to do and without a traceback."""
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit), result.exception
    error, step = result.output.strip().splitlines()[-2:]
    assert error.startswith("✗ Error: ")
    assert step.startswith("  Next: ")
    return step


@pytest.mark.parametrize(
    ("profile", "step"),
    [
        ("sso", "aws sso login"),
        ("legacy", "aws sso login"),
        ("process", "credential_process"),
        ("no-process", "correct the path"),
        ("partial", "aws configure"),
        ("no-region", "AWS_DEFAULT_REGION"),
        ("circle", "~/.aws/config"),
        ("no-source", "~/.aws/config"),
        ("odd-source", "~/.aws/config"),
        ("web", "correct the path"),
        ("retries", "~/.aws/config"),
        ("not-there", "AWS_PROFILE"),
    ],
)
def test_what_is_wrong_with_a_profile_is_one_line(
    only_profiles: Path, monkeypatch: pytest.MonkeyPatch, profile: str, step: str
) -> None:
    monkeypatch.setenv("AWS_PROFILE", profile)
    assert step in one_line(runner.invoke(app, ["start"]))


@pytest.mark.parametrize("words", [*ASKING, ["console"]], ids=" ".join)
def test_a_session_that_is_over_is_one_line_of_every_command(
    only_profiles: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "sso")
    assert "aws sso login" in one_line(runner.invoke(app, words))


@pytest.mark.parametrize(
    ("name", "value", "step"),
    [
        ("AWS_ENDPOINT_URL", "here", "AWS_ENDPOINT_URL"),
        ("AWS_DEFAULT_REGION", "no region", "us-east-1"),
        ("AWS_RETRY_MODE", "sometimes", "~/.aws/config"),
        ("AWS_CA_BUNDLE", " ", "AWS_"),
        ("HTTPS_PROXY", "http://127.0.0.1:9", "NO_PROXY"),
    ],
)
def test_a_variable_that_is_wrong_is_one_line(
    only_profiles: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, step: str
) -> None:
    variables = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "secret"}
    variables |= {"AWS_DEFAULT_REGION": "us-east-1", "AWS_MAX_ATTEMPTS": "1", name: value}
    for each, given in variables.items():
        monkeypatch.setenv(each, given)
    # Nothing leaves this machine: what has an endpoint is refused, and the proxy is not there.
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    assert step in one_line(runner.invoke(app, ["start"]))


def test_a_configuration_file_that_cannot_be_read_is_one_line(only_profiles: Path) -> None:
    (only_profiles / "config").write_text("[default\nregion")
    assert "~/.aws/config" in one_line(runner.invoke(app, ["start"]))
