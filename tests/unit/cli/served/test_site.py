"""A server of web pages that ends by itself is an error, whichever way it ended."""

import sys
from pathlib import Path

import pytest

from cli.served.console import free_port
from cli.served.site import Site, serve
from operations.errors import SiteEndedError
from tests.fakes.terminal import PlainTerminal

# Answers once, and ends by the second line.
SERVER = """
import http.server, os, sys
pages = http.server.SimpleHTTPRequestHandler
server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), pages)
server.handle_request()
{end}
"""


def site(folder: Path, *command: str) -> Site:
    port = free_port()
    return Site("Pages", [*command, str(port)], port, "/", folder / "log", folder)


@pytest.mark.parametrize(
    ("end", "said"),
    [
        ("sys.exit(3)", "Pages failed with exit code 3"),
        ("os.kill(os.getpid(), 9)", "Pages was killed by SIGKILL"),
        ("sys.exit(0)", "Pages ended by itself"),
    ],
)
def test_one_that_ends_later(tmp_path: Path, terminal: PlainTerminal, end: str, said: str) -> None:
    served = site(tmp_path, sys.executable, "-c", SERVER.format(end=end))
    with pytest.raises(SiteEndedError, match=said) as raised:
        serve(served, terminal)
    assert raised.value.next_step == f"see why in {tmp_path / 'log'}"


def test_one_that_does_not_start(tmp_path: Path, terminal: PlainTerminal) -> None:
    with pytest.raises(SiteEndedError, match="does not start: it failed with exit code 127"):
        serve(site(tmp_path, str(tmp_path / "missing")), terminal)
    assert "No such file" in (tmp_path / "log").read_text()
