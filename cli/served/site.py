"""A web page served on this machine by a child process, until Ctrl-C."""

import os
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from cli.shown.terminal import Terminal
from local_aws.processes import child
from operations.errors import InputError, SiteEndedError
from state_machine.processes import ending

HOST = "127.0.0.1"
STARTING_SECONDS = 60.0


@dataclass(frozen=True)
class Site:
    """What to run: `command` listens on `port`, answers at `ready` once it works, logs to `log`.

    `environment` is added to this process's own.
    """

    name: str
    command: list[str]
    port: int
    ready: str
    log: Path
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """Where a browser finds it."""
        return f"http://{HOST}:{self.port}"


def check_free(port: int, command: str) -> None:
    """Raises InputError if the port is taken; `command` is what was typed."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            raise InputError(
                f"Port {port} is taken", f"name another one: {command} --port {port + 1}"
            ) from None


def start(site: Site, sleep: Callable[[float], None] = time.sleep) -> child.Process:
    """Start the site and wait until it answers; whoever started it kills its group.

    Raises SiteEndedError if it does not start.
    """
    site.log.parent.mkdir(parents=True, exist_ok=True)
    with site.log.open("wb") as output:
        server = child.start(
            site.command,
            env={**os.environ, **site.environment},
            cwd=site.folder,
            stdout=output,
        )
    try:
        _await(server, site, sleep)
    except BaseException:
        server.kill_group()
        raise
    return server


def serve(site: Site, terminal: Terminal, sleep: Callable[[float], None] = time.sleep) -> None:
    """Run the site until Ctrl-C.

    Raises:
        SiteEndedError: it does not start, or ended by itself.
    """
    server = None
    try:
        with terminal.step(site.name) as step:
            server = start(site, sleep)
            step.title = f"{site.name} at {site.address}"
        terminal.line("# Ctrl-C stops it.", style="dim")
        while (code := server.poll()) is None:
            sleep(0.2)
    except KeyboardInterrupt:
        terminal.line(f"Stopping {site.name}")
    else:
        raise SiteEndedError(f"{site.name} {_ended(code)}", f"see why in {site.log}")
    finally:
        if server is not None:
            server.kill_group()


def _await(server: child.Process, site: Site, sleep: Callable[[float], None]) -> None:
    deadline = time.monotonic() + STARTING_SECONDS
    # A proxy that the shell names has no business between this process and its own child.
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while server.poll() is None and time.monotonic() < deadline:
        try:
            direct.open(f"{site.address}{site.ready}", timeout=5).close()
        except (urllib.error.URLError, OSError):
            sleep(0.2)
        else:
            return
    code = server.poll()
    how = "does not answer" if code is None else _ended(code)
    raise SiteEndedError(f"{site.name} does not start: it {how}", f"see why in {site.log}")


def _ended(code: int) -> str:
    return ending(code) if code else "ended by itself"
