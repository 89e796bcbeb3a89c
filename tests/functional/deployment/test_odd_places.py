"""A checkout in a folder of an odd name, in a shell that says all it can of other servers."""

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_aws import client
from local_aws.client import Connection
from tests.support.hostile_shell import (
    SERVICES,
    Elsewhere,
    elsewhere,
    hostile_variables,
)
from tests.support.paths import PROJECT
from tests.support.project_copy import copy_of_project

RETRAIN = f"""retrain() {{ '{sys.executable}' -c 'from cli.main import app; app()' "$@"; }}"""


class Shell:
    """A shell in the checkout, with variables that lead elsewhere."""

    def __init__(self, project: Path, wrong: Elsewhere, scratch: Path) -> None:
        self.project = project
        own = {"PATH": os.environ["PATH"], "HOME": str(scratch), "PYTHONPATH": str(PROJECT)}
        self._variables = {**own, **hostile_variables(wrong.address, scratch)}

    def run(self, script: str) -> str:
        """Run the script, which must not fail; return what it printed."""
        done = subprocess.run(
            ["sh", "-euc", f"{RETRAIN}\n{script}"],
            cwd=self.project,
            env=self._variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout


@pytest.fixture(scope="module")
def wrong() -> Iterator[Elsewhere]:
    with elsewhere() as server:
        yield server


@pytest.fixture(scope="module")
def shell(wrong: Elsewhere, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    odd = tmp_path_factory.mktemp("odd") / "a b #c%20'é" / "retrain"
    shell = Shell(copy_of_project(odd), wrong, tmp_path_factory.mktemp("home"))
    shell.run("retrain local start")
    yield shell
    shell.run("retrain local stop")


@pytest.fixture(scope="module")
def aws(shell: Shell) -> Connection:
    found = client.running(shell.project / ".retrain" / "aws")
    assert found is not None
    return found


def test_it_is_deployed_to_the_server_that_was_asked_for(
    shell: Shell, aws: Connection, wrong: Elsewhere
) -> None:
    printed = shell.run('eval "$(retrain local env)"\nretrain deploy')

    assert "✓ Deployment of stage dev" in printed
    functions = aws.client("lambda").list_functions()["Functions"]
    assert "retrain-dev-on_upload" in {each["FunctionName"] for each in functions}
    assert wrong.visits == 0


def test_an_endpoint_on_this_machine_is_asked_past_the_proxies_of_the_shell(
    shell: Shell, aws: Connection, wrong: Elsewhere
) -> None:
    """Somebody who sets the variables by hand does not think of NO_PROXY."""
    at = " ".join(
        f"{name}={shlex.quote(value)}" for name, value in sorted(aws.environment().items())
    )
    others = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS AWS_PROFILE AWS_DEFAULT_PROFILE AWS_SESSION_TOKEN"
    of_services = " ".join(f"AWS_ENDPOINT_URL_{service}" for service in SERVICES)
    shell.run(
        f"unset {others} AWS_SECURITY_TOKEN {of_services}\nexport {at}\nretrain deploy --plan"
    )
    assert wrong.visits == 0


def test_a_client_of_the_embedded_aws_asks_it_whatever_the_shell_says(
    aws: Connection, wrong: Elsewhere, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in hostile_variables(wrong.address, tmp_path).items():
        monkeypatch.setenv(name, value)
    again = Connection(aws.data_folder, aws.endpoint, aws.region, aws.pid)
    assert again.client("sts").get_caller_identity()["Account"] == "123456789012"
    assert "Buckets" in again.client("s3").list_buckets()
    assert wrong.visits == 0
