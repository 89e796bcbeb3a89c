"""The MLflow of pipeline.toml, as `retrain doctor` finds it."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from operations.doctor.account import Account
from operations.doctor.findings import Finding, Level
from operations.doctor.tracking import tracking
from state_machine.config import Tracking, load
from state_machine.names import Names
from tests.fakes.service import FakeService, client_error, operation
from tests.support.paths import PROJECT

SERVER = "arn:aws:sagemaker:us-east-1:123456789012:mlflow-tracking-server/team"
AWS, EMBEDDED = "https://sts.us-east-1.amazonaws.com", "http://127.0.0.1:5000"


class FakeTrackingServers(FakeService):
    """SageMaker's tracking servers: whether each is active."""

    service = "sagemaker"

    class exceptions:
        ResourceNotFound = type(client_error("ResourceNotFound", ""))

    def __init__(self, **active: str) -> None:
        super().__init__()
        self.active = active

    @operation
    def describe_mlflow_tracking_server(self, **request: Any) -> dict[str, Any]:
        name = request["TrackingServerName"]
        if name not in self.active:
            raise client_error("ResourceNotFound", "DescribeMlflowTrackingServer")
        return {"IsActive": self.active[name], "TrackingServerStatus": "Created"}


class Session:
    """Gives SageMaker's client."""

    def __init__(self, sagemaker: FakeTrackingServers) -> None:
        self._sagemaker = sagemaker

    def client(self, service: str) -> FakeTrackingServers:
        assert service == "sagemaker"
        return self._sagemaker


@pytest.fixture
def server() -> Iterator[str]:
    """An HTTP server that wants a login, as MLflow's behind a proxy does."""

    class Login(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(401)

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Login) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()


def examined(uri: str, *, endpoint: str = AWS, **active: str) -> Finding:
    config = load(PROJECT / "pipeline.toml")
    config = config.model_copy(update={"tracking": Tracking(mlflow_tracking_uri=uri)})
    names = Names("retrain", "dev", "123456789012", "us-east-1")
    session: Any = Session(FakeTrackingServers(**active))
    return tracking(config, Account(names, "arn:aws:iam::1:user/me", endpoint, session))


def test_off_is_ok() -> None:
    assert "off" in examined("").found


def test_a_server_that_answers_anything_is_there(server: str) -> None:
    assert examined(server).level is Level.OK


def test_a_server_that_does_not_answer_is_a_warning() -> None:
    finding = examined("http://127.0.0.1:9")
    assert finding.level is Level.WARNING
    assert "does not answer this machine" in finding.found


def test_a_file_is_for_the_embedded_aws_only() -> None:
    uri = "sqlite:////data/mlflow.db"
    assert examined(uri, endpoint=EMBEDDED).level is Level.OK
    assert examined(uri).level is Level.PROBLEM


def test_a_tracking_server_of_sagemakers_must_exist_and_be_active() -> None:
    assert examined(SERVER, team="Active").level is Level.OK
    stopped, missing = examined(SERVER, team="Inactive"), examined(SERVER)
    assert stopped.level is Level.WARNING
    assert "start-mlflow-tracking-server --tracking-server-name team" in stopped.next_step
    assert missing.level is Level.PROBLEM
    assert "create it" in missing.next_step


def test_one_of_another_account_is_not_asked() -> None:
    finding = examined(SERVER.replace("123456789012", "210987654321"))
    assert finding.level is Level.WARNING
    assert "is not in us-east-1 of account 123456789012" in finding.found
