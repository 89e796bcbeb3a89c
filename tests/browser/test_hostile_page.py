"""A web page of another site, open in the browser of somebody whose embedded AWS runs.

The page tries what a page can: scripts, forms of every encoding, images, frames, beacons, event
sources, WebSockets, and names of its own that resolve to this machine. It knows the port.
"""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest
from playwright.sync_api import Browser, Page

from local_aws.client import EmbeddedAws
from tests.functional.conftest import zipped
from tests.support.asking import ask
from tests.support.roles import ensure_role

EVIL = "evil.example"
BUCKET = "precious"
ROUTES = (
    "/",
    f"/{BUCKET}",
    f"/{BUCKET}/key",
    f"/{BUCKET}?delete",
    "/moto-api/reset",
    "/moto-api/faults",
    "/moto-api/data.json",
    "/moto-api/recorder/start-recording",
    "/2015-03-31/functions/precious/invocations",
    "/2018-06-01/runtime/invocation/next",
    "/2018-06-01/runtime/init/error",
)
# Every way that a page has to make a browser send something; each ends within a second or two.
ATTACK = """
async ([base, routes]) => {
  const soon = new Promise(resolve => setTimeout(resolve, 1500));
  const late = new Promise(resolve => setTimeout(resolve, 30_000));
  const read = [];
  const sent = [];
  const body = '[{"call": "s3/*", "kind": "error"}]';
  for (const route of routes) {
    const url = base + route;
    for (const method of ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
      for (const mode of ["cors", "no-cors"]) {
        const given = {method, mode, body: ["GET", "HEAD"].includes(method) ? undefined : body};
        sent.push(fetch(url, given).then(
          answer => answer.text().then(text => text && read.push([method, mode, url, text])),
          () => null));
      }
    const signed = {"X-Amz-Target": "SageMaker.CreateProcessingJob",
      "Content-Type": "application/x-amz-json-1.1",
      "Authorization": "AWS4-HMAC-SHA256 " +
        "Credential=test/20260101/us-east-1/sagemaker/aws4_request"};
    sent.push(fetch(url, {method: "POST", headers: signed, body: "{}"}).then(
      answer => answer.text().then(text => read.push(["signed", url, text])), () => null));
    for (const encoding of
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]) {
      const target = document.createElement("iframe");
      target.name = "away" + sent.length;  // in one frame the next form would cancel this one
      document.body.append(target);
      sent.push(new Promise(resolve => target.addEventListener("load", resolve)));
      const form = document.createElement("form");
      Object.assign(form, {method: "POST", action: url, enctype: encoding, target: target.name});
      const field = document.createElement("input");
      Object.assign(field, {name: body, value: "x"});
      form.append(field);
      document.body.append(form);
      form.submit();
    }
    for (const name of ["img", "script", "iframe", "audio", "embed"]) {
      const element = document.createElement(name);
      element.src = url + "#" + name;
      document.body.append(element);
    }
    const sheet = document.createElement("link");
    Object.assign(sheet, {rel: "stylesheet", href: url});
    document.head.append(sheet);
    navigator.sendBeacon(url, body);
    new EventSource(url).onmessage = told => read.push(["event", url, told.data]);
    new WebSocket(url.replace("http", "ws")).onmessage = told => read.push(["ws", url, told.data]);
  }
  await Promise.race([Promise.allSettled(sent), late]);
  await soon;
  return read;
}
"""


class Recorder:
    """A server that is no embedded AWS: it serves the hostile page, and notes what arrives."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str]] = []
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                recorder.requests.append((self.command, self.path))
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                for what in ("Origin", "Methods", "Headers"):
                    self.send_header(f"Access-Control-Allow-{what}", "*")
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(b"<!doctype html><title>a page</title><body>a page</body>")

            do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = answer

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def site() -> Iterator[Recorder]:
    made = Recorder()
    yield made
    made.close()


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    """A server with something to lose, and with a warm function."""
    with EmbeddedAws(tmp_path_factory.mktemp("aws")) as server:
        s3, functions = server.client("s3"), server.client("lambda")
        s3.create_bucket(Bucket=BUCKET)
        s3.put_object(Bucket=BUCKET, Key="key", Body=b"kept")
        functions.create_function(
            FunctionName="precious",
            Runtime="python3.11",
            Role=ensure_role(server),
            Handler="app.handler",
            Code={"ZipFile": zipped(app="def handler(event, context):\n    return event\n")},
        )
        assert echoed(server) == {"n": 1}
        yield server


def echoed(aws: EmbeddedAws) -> Any:
    answer = aws.client("lambda").invoke(FunctionName="precious", Payload=b'{"n": 1}')
    return json.load(answer["Payload"])


def everything(aws: EmbeddedAws) -> dict[str, Any]:
    """What somebody would miss, or find to be more than before."""
    s3 = aws.client("s3")
    states, sagemaker = aws.client("stepfunctions"), aws.client("sagemaker")
    return {
        "buckets": [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]],
        "keys": [one["Key"] for one in s3.list_objects_v2(Bucket=BUCKET)["Contents"]],
        "content": s3.get_object(Bucket=BUCKET, Key="key")["Body"].read(),
        "faults": json.loads(ask(aws, "/moto-api/faults")),
        "roles": [role["RoleName"] for role in aws.client("iam").list_roles()["Roles"]],
        "jobs": sagemaker.list_processing_jobs()["ProcessingJobSummaries"],
        "machines": states.list_state_machines()["stateMachines"],
        "functions": [
            f["FunctionName"] for f in aws.client("lambda").list_functions()["Functions"]
        ],
        "invoked": log_lines(aws),
    }


def log_lines(aws: EmbeddedAws) -> int:
    folder = aws.data_folder / "lambdas" / "precious" / "logs"
    return sum(path.read_text().count("START RequestId") for path in folder.glob("*"))


@pytest.fixture(scope="module")
def browser(chromium: Callable[..., Browser]) -> Iterator[Browser]:
    """Chromium, for which every name of the page's is this machine."""
    launched = chromium(f"--host-resolver-rules=MAP *.{EVIL} 127.0.0.1, MAP {EVIL} 127.0.0.1")
    yield launched
    launched.close()


@pytest.fixture
def page(browser: Browser, site: Recorder) -> Iterator[Page]:
    """The hostile page, opened."""
    context = browser.new_context()
    opened = context.new_page()
    opened.goto(f"http://{EVIL}:{site.port}/")
    yield opened
    context.close()


def test_the_attacks_are_real_ones(page: Page, site: Recorder) -> None:
    before = len(site.requests)

    read = page.evaluate(ATTACK, [f"http://127.0.0.1:{site.port}", ["/one", "/two"]])

    arrived = site.requests[before:]
    methods = {method for method, path in arrived if path == "/one"}
    assert methods >= {"GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE"}
    assert sum(method == "POST" for method, _ in arrived) >= 2 * 6
    assert any("a page" in text for *_, text in read)


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", EVIL, f"precious.{EVIL}"])
def test_a_page_changes_and_reads_nothing(aws: EmbeddedAws, page: Page, name: str) -> None:
    before = everything(aws)
    port = aws.endpoint.rpartition(":")[2]

    assert page.evaluate(ATTACK, [f"http://{name}:{port}", ROUTES]) == []

    assert everything(aws) == before
    assert echoed(aws) == {"n": 1}


def test_a_page_reaches_no_function(aws: EmbeddedAws, page: Page) -> None:
    own = int(aws.endpoint.rpartition(":")[2])
    ports = {
        each.laddr.port
        for each in psutil.Process(aws.pid).net_connections("tcp4")
        if each.status == psutil.CONN_LISTEN
    }
    assert ports - {own}
    for port in ports - {own}:
        assert page.evaluate(ATTACK, [f"http://127.0.0.1:{port}", ROUTES[-3:]]) == []
    assert echoed(aws) == {"n": 1}


@pytest.mark.parametrize("encoding", ["text/plain", "multipart/form-data", ""])
def test_a_form_that_leads_away_from_the_page_changes_nothing(
    aws: EmbeddedAws, page: Page, encoding: str
) -> None:
    before = everything(aws)
    for route in ("/moto-api/reset", f"/{BUCKET}"):
        url = f"{aws.endpoint}{route}"
        with page.expect_navigation():
            page.evaluate(
                """([action, enctype]) => {
                  const form = document.createElement("form");
                  Object.assign(form, {method: "POST", action, enctype});
                  document.body.append(form);
                  form.submit();
                }""",
                [url, encoding],
            )
        assert page.url == url
        assert "A web page sent this request" in page.content()
        page.go_back()
    assert everything(aws) == before


def test_a_link_changes_nothing_either(aws: EmbeddedAws, page: Page) -> None:
    before = everything(aws)
    with page.expect_navigation():
        page.evaluate(f"location.href = '{aws.endpoint}/moto-api/recorder/start-recording'")
    assert "A web page led to this request" in page.content()
    assert everything(aws) == before


def test_nothing_was_recorded_into_the_project() -> None:
    assert not Path("moto_recording").exists()
