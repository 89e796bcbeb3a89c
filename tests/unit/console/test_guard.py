"""Who may talk to the console: pages of its own on this machine, and nobody else."""

import asyncio
from typing import Any

import pytest
from starlette.datastructures import Headers
from starlette.testclient import TestClient

from console.guard import Guard, refusal

HERE = "127.0.0.1:8080"


def refused(kind: str = "http", method: str = "GET", **headers: str) -> str | None:
    return refusal(kind, method, Headers({"host": HERE, **headers}))


@pytest.mark.parametrize("host", [HERE, "localhost:8080", "[::1]:8080", "LOCALHOST", "127.0.0.1"])
def test_names_of_this_machine_are_answered(host: str) -> None:
    assert refused(host=host) is None


@pytest.mark.parametrize(
    "host",
    [
        "evil.example:8080",
        "127.0.0.1.evil.example",
        "localhost.evil.example:8080",
        "evil.example@127.0.0.1@evil.example",
        "10.0.0.5:8080",
        "[::1",
        "",
    ],
)
def test_any_other_name_is_refused(host: str) -> None:
    said = refused(host=host, origin=f"http://{host}")
    assert said is not None
    assert "Host" in said


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "https://127.0.0.1:8080",
        "http://127.0.0.1:9090",
        "http://127.0.0.1",
        "null",
        "",
    ],
)
@pytest.mark.parametrize(
    ("kind", "method"), [("http", "GET"), ("http", "POST"), ("websocket", "GET")]
)
def test_pages_of_elsewhere_are_refused(kind: str, method: str, origin: str) -> None:
    assert refused(kind, method, origin=origin) is not None


@pytest.mark.parametrize(("kind", "method"), [("http", "POST"), ("websocket", "GET")])
def test_what_changes_something_must_name_its_origin(kind: str, method: str) -> None:
    assert refused(kind, method) is not None
    assert refused(kind, method, origin=f"http://{HERE}") is None


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "get"])
def test_no_other_method_is_taken_for_harmless(method: str) -> None:
    assert refused(method=method) is not None


async def _page(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close"})
        return
    stricter = [(b"content-security-policy", b"sandbox")] if scope["path"] == "/report" else []
    await send({"type": "http.response.start", "status": 200, "headers": stricter})
    await send({"type": "http.response.body", "body": b"the page"})


@pytest.fixture
def client() -> TestClient:
    return TestClient(Guard(_page), base_url=f"http://{HERE}")


def test_answers_say_what_a_page_may_load(client: TestClient) -> None:
    answer = client.get("/")
    assert answer.text == "the page"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'self'" in policy
    assert "http" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"


def test_a_stricter_policy_of_a_page_stays(client: TestClient) -> None:
    assert client.get("/report").headers["content-security-policy"] == "sandbox"


def test_a_refused_request_does_not_reach_the_page(client: TestClient) -> None:
    answer = client.post("/", headers={"origin": "http://evil.example"})
    assert answer.status_code == 403
    assert "evil.example" in answer.text
    assert "the page" not in answer.text
    assert answer.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    ("origin", "answered"), [(f"http://{HERE}", "accept"), ("http://evil.example", "close")]
)
def test_a_websocket_is_opened_by_pages_of_its_own(origin: str, answered: str) -> None:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    headers = [(b"host", HERE.encode()), (b"origin", origin.encode())]
    scope = {"type": "websocket", "path": "/_nicegui_ws/socket.io/", "headers": headers}
    asyncio.run(Guard(_page)(scope, receive, send))  # type: ignore[arg-type]
    assert sent[0]["type"] == f"websocket.{answered}"
