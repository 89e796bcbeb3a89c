"""The `retrain` command as a person meets it: help, errors, exit codes."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
import typer
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
