"""Whatever a shell says of AWS and of proxies, calls reach the server that was asked for."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import boto3
import pytest

from local_aws.shell import applied, directly, exports, pointed
from tests.support.hostile_shell import hostile_variables

ENDPOINT = "http://127.0.0.1:4"
AT = {
    "AWS_ENDPOINT_URL": ENDPOINT,
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}
PIPELINE = ("iam", "lambda", "s3", "sagemaker", "stepfunctions", "sts")
WRONG = "http://127.0.0.1:9"


def in_a_shell(
    before: dict[str, str], shell: str, at: Mapping[str, str] = MappingProxyType(AT)
) -> dict[str, str]:
    """The variables of a shell that has set `before` and then evaluates the lines."""
    script = "\n".join([*exports(at), "env -0"])
    path = {"PATH": os.environ["PATH"]}
    done = subprocess.run(
        [shell, "-euc", script], env={**path, **before}, capture_output=True, check=True
    )
    assert not done.stderr
    return dict(each.split("=", 1) for each in done.stdout.decode().split("\0") if "=" in each)


def of_aws(environment: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith("AWS_")}


def test_all_that_a_shell_says_of_aws_is_replaced(tmp_path: Path) -> None:
    before = hostile_variables(WRONG, tmp_path) | {"HOME": "/home/ann"}
    after = pointed(before, AT)
    assert of_aws(after) == AT
    assert after["HOME"] == "/home/ann"
    assert after["HTTP_PROXY"] == WRONG  # pip may need it


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_the_lines_do_the_same_in_a_shell(tmp_path: Path, shell: str) -> None:
    before = hostile_variables(WRONG, tmp_path)
    after, expected = in_a_shell(before, shell), pointed(before, AT)
    assert {name: after.get(name) for name in expected} == expected
    assert of_aws(after) == AT


@pytest.mark.parametrize(
    ("before", "upper", "lower"),
    [
        ({}, "127.0.0.1,localhost", "127.0.0.1,localhost"),
        ({"NO_PROXY": ".corp"}, ".corp,127.0.0.1,localhost", ".corp,127.0.0.1,localhost"),
        ({"no_proxy": ".corp"}, ".corp,127.0.0.1,localhost", ".corp,127.0.0.1,localhost"),
        (
            {"NO_PROXY": "a", "no_proxy": "b"},
            "a,127.0.0.1,localhost",
            "b,127.0.0.1,localhost",
        ),
        ({"NO_PROXY": "*"}, "*", "*"),
    ],
)
def test_what_is_kept_from_proxies_is_extended(
    before: dict[str, str], upper: str, lower: str
) -> None:
    expected = {"NO_PROXY": upper, "no_proxy": lower}
    assert directly(before) == directly(directly(before)) == expected
    for shell in ("sh", "bash"):
        once = in_a_shell(before, shell)
        assert {name: once[name] for name in expected} == expected
        again = in_a_shell({name: once[name] for name in expected}, shell)
        assert {name: again[name] for name in expected} == expected


def test_every_service_is_asked_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in hostile_variables(WRONG, tmp_path).items():
        monkeypatch.setenv(name, value)
    with applied(AT):
        session = boto3.Session()
        asked = {name: session.client(name) for name in PIPELINE}  # type: ignore[call-overload]
    assert {name: client.meta.endpoint_url for name, client in asked.items()} == dict.fromkeys(
        asked, ENDPOINT
    )


def test_an_environment_is_applied_and_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "work")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "mine")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    before = dict(os.environ)
    with pytest.raises(KeyboardInterrupt), applied(AT):
        assert os.environ["AWS_ACCESS_KEY_ID"] == "test"
        assert "AWS_PROFILE" not in os.environ
        raise KeyboardInterrupt
    assert dict(os.environ) == before


def test_names_of_sts_are_kept_from_proxies_as_loopback_is() -> None:
    """sdk_files.py leads them to loopback, and botocore looks for a proxy by the name."""
    at = {"AWS_REGION": "eu-west-1"}
    hosts = "127.0.0.1,localhost,sts.eu-west-1.amazonaws.com,sts.amazonaws.com"
    expected = {"NO_PROXY": f".corp,{hosts}", "no_proxy": f".corp,{hosts}"}
    before = {"NO_PROXY": ".corp"}
    after = in_a_shell(before, "sh", at)
    assert {name: after[name] for name in expected} == expected
    assert {name: pointed(before, at)[name] for name in expected} == expected
