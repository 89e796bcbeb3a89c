"""The console while its AWS cannot be asked: pages and uploads say so, none of them breaks."""

import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace

import pytest

from cli.served import site as web
from cli.served.console import site
from local_aws.client import EmbeddedAws
from tests.support.paths import PROJECT

SAID = "AWS cannot be asked"


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[web.Site]:
    """A console whose AWS answered when it was opened, and has gone away since."""
    with socket.socket() as probe:
        probe.bind((web.HOST, 0))
        port = int(probe.getsockname()[1])
    folder = tmp_path_factory.mktemp("console")
    served = site(PROJECT / "pipeline.toml", folder, "dev", port, read_only=False)
    with EmbeddedAws(tmp_path_factory.mktemp("aws")) as aws, pytest.MonkeyPatch.context() as own:
        own.delenv("PYTEST_CURRENT_TEST", raising=False)  # by which NiceGUI would know us
        environment = {**aws.environment(), "PYTHONPATH": str(PROJECT), "AWS_MAX_ATTEMPTS": "1"}
        server = web.start(replace(served, environment=environment))
    yield served
    server.kill_group()
    assert "Traceback" not in served.log.read_text()


@pytest.mark.parametrize(
    "path",
    [
        "",
        "executions/x",
        "start",
        "models",
        "models/1",
        "models/compare?first=1&second=2",
        "health",
    ],
)
def test_every_page_opens(console: web.Site, path: str) -> None:
    with urllib.request.urlopen(f"{console.address}/{path}") as page:
        assert page.status == 200


def test_what_is_read_before_a_page_opens_is_said_to_be_missing(console: web.Site) -> None:
    with urllib.request.urlopen(f"{console.address}/start") as page:
        assert SAID in page.read().decode()


def test_what_is_known_stands_there_before_aws_is_asked(console: web.Site) -> None:
    """Else what comes later moves the buttons below it away from under a pointer."""
    with urllib.request.urlopen(f"{console.address}/health") as page:
        text = page.read().decode()

    assert all(known in text for known in ("Asking", "123456789012", "us-east-1", "Answers in"))


def test_an_upload_is_refused_in_words(console: web.Site) -> None:
    request = urllib.request.Request(
        f"{console.address}/uploads/digits/train.gz",
        data=b"x",
        headers={"Origin": console.address},
        method="PUT",
    )

    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)

    assert refused.value.code == 502
    assert SAID in refused.value.read().decode()


def test_a_report_is_refused_in_words(console: web.Site) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{console.address}/executions/any/report")

    assert refused.value.code == 502
    assert SAID in refused.value.read().decode()
