"""make audit: what is known is said, and what could not be asked is never a success."""

import importlib.util
import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.support.paths import PROJECT

SCRIPT = PROJECT / ".ci/audit.py"
HASH = "sha256:" + "0" * 64
BAD = {
    "id": "OSV-2026-1",
    "summary": "it is bad",
    "affected": [
        {
            "package": {"name": "bad", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.0"}]}],
        }
    ],
}


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    specification = importlib.util.spec_from_file_location("audit", SCRIPT)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules["audit"] = module
    specification.loader.exec_module(module)
    return module


@pytest.fixture
def locked(tmp_path: Path) -> Callable[..., Path]:
    def write(*names: str) -> Path:
        file = tmp_path / "locked.txt"
        file.write_text("".join(f"{name}==1.0 --hash={HASH}\n" for name in names))
        return file

    return write


@contextmanager
def _service(answers: dict[str, Any]) -> Iterator[list[str]]:
    """An OSV on loopback: pip-audit's arguments that lead there."""

    class Service(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answer = answers.get(asked["package"]["name"])
            self.send_response(503 if answer is None else 200)
            self.end_headers()
            self.wfile.write(json.dumps(answer or {}).encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Service) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield ["-s", "osv", "--osv-url", f"http://127.0.0.1:{server.server_port}/v1/query"]
        server.shutdown()


def test_a_known_vulnerability_is_named_and_fails(audit, locked, capsys):
    with _service({"good": {}, "bad": {"vulns": [BAD]}}) as service:
        assert audit.main([locked("good", "bad")], service) == 1
    assert capsys.readouterr().out == (
        "locked.txt: 2 packages, 1 known vulnerabilities\n  bad 1.0: OSV-2026-1, fixed in 2.0\n"
    )


def test_none_known_is_a_success(audit, locked, capsys):
    with _service({"good": {}}) as service:
        assert audit.main([locked("good")], service) == 0
    assert capsys.readouterr().out == "locked.txt: 1 packages, 0 known vulnerabilities\n"


def test_a_service_that_fails_is_no_success(audit, locked, capsys):
    with _service({"good": {}}) as service:
        assert audit.main([locked("good", "other")], service) == 3
    assert capsys.readouterr().out.startswith("locked.txt: NOT AUDITED, nobody could be asked: ")


def test_without_a_network_it_says_so_in_one_line(audit, locked, capsys):
    nowhere = ["-s", "osv", "--osv-url", "http://127.0.0.1:9/v1/query"]
    assert audit.main([locked("good")], nowhere) == 3
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("locked.txt: NOT AUDITED, nobody could be asked: ")
    assert len(line) < 400


def test_packages_that_the_service_skips_are_no_success(audit):
    skipped = ("Dependency not found on PyPI and could not be audited: good (1.0)",)
    assert audit.Answer(2, (), skipped).code == 3
    assert audit.Answer(2, ("bad 1.0: OSV-2026-1",), skipped).code == 1
    assert "NOT AUDITED: 1 of them" in audit._in_words(audit.Answer(2, (), skipped))


def test_everything_that_is_locked_is_audited(audit):
    """And everything that is installed anywhere is locked with hashes."""
    patterns = ("*requirements*.txt", "ml_scripts/*requirements*.txt", "requirements/*.txt")
    ours = [path for pattern in patterns for path in PROJECT.glob(pattern)]
    assert {str(path.relative_to(PROJECT)) for path in ours} == set(audit.LOCKED)
    for name in audit.LOCKED:
        text = (PROJECT / name).read_text()
        pins = [line for line in text.splitlines() if line and line[0] not in " #-"]
        assert pins
        assert text.count("--hash=sha256:") >= len(pins)
        assert all("==" in line for line in pins)
        assert "://" not in "".join(pins)


def test_the_jobs_have_the_versions_that_are_tested(audit):
    """Else pip would need a network on a developer's machine, and the tests prove nothing."""

    def versions(name: str) -> set[str]:
        lines = (PROJECT / name).read_text().splitlines()
        return {line.split(";")[0].strip(" \\") for line in lines if line and line[0] not in " #-"}

    assert versions("ml_scripts/requirements.txt") <= versions("requirements/dev.txt")
