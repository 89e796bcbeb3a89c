"""Lambda's Runtime API answers the function's own processes, and nobody else."""

import json
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from typing import Any

import psutil
import pytest

from local_aws.client import EmbeddedAws
from tests.functional.conftest import Deploy

NEXT = "/2018-06-01/runtime/invocation/next"
ECHOES = """
def handler(event, context):
    return event
"""
# A function that asks its own API for what a page of another site would send.
AS_A_PAGE = """
import os
from http.client import HTTPConnection
def handler(event, context):
    host, _, port = os.environ["AWS_LAMBDA_RUNTIME_API"].partition(":")
    connection = HTTPConnection(host, int(port), timeout=5)
    connection.request("POST", "/2018-06-01/runtime/init/error", body=b"{}", headers=event)
    return connection.getresponse().status
"""


def listening(aws: EmbeddedAws) -> set[int]:
    """Return the ports of the server that are not its own."""
    own = int(aws.endpoint.rpartition(":")[2])
    return {
        each.laddr.port
        for each in psutil.Process(aws.pid).net_connections("tcp4")
        if each.status == psutil.CONN_LISTEN and each.laddr.port != own
    }


def asked(port: int, method: str, path: str, **headers: str) -> int | None:
    """Ask as another process; return the status, None if nothing is answered."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, body=b'{"forged": true}', headers=headers)
        return connection.getresponse().status
    except (HTTPException, OSError):
        return None
    finally:
        connection.close()


def invoke(aws: EmbeddedAws, name: str, event: Any) -> Any:
    answer = aws.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
    return json.load(answer["Payload"])


@pytest.fixture
def port(embedded_aws: EmbeddedAws, deploy: Deploy) -> tuple[str, int]:
    """A warm function, and the port of its API."""
    before = listening(embedded_aws)
    name = deploy(ECHOES)
    assert invoke(embedded_aws, name, {"n": 1}) == {"n": 1}
    (own,) = listening(embedded_aws) - before
    return name, own


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", NEXT),
        ("POST", "/2018-06-01/runtime/invocation/any/response"),
        ("POST", "/2018-06-01/runtime/invocation/any/error"),
        ("POST", "/2018-06-01/runtime/init/error"),
        ("GET", "/"),
        ("OPTIONS", "/"),
    ],
)
def test_another_process_is_not_answered_and_changes_nothing(
    embedded_aws: EmbeddedAws, port: tuple[str, int], method: str, path: str
) -> None:
    name, api = port
    for headers in ({}, {"Host": "evil.example", "Origin": "http://evil.example"}):
        assert asked(api, method, path, **headers) is None
    assert invoke(embedded_aws, name, {"n": 2}) == {"n": 2}


@pytest.mark.parametrize(
    "headers",
    [{"Host": "evil.example"}, {"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}],
)
def test_not_even_the_function_speaks_for_a_web_page(
    embedded_aws: EmbeddedAws, deploy: Callable[..., str], headers: dict[str, str]
) -> None:
    assert invoke(embedded_aws, deploy(AS_A_PAGE), headers) == 403
