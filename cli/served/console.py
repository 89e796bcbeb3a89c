"""`retrain console`: the console as a child process on this machine."""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cli.served.site import HOST, Site
from operations.errors import CredentialsError
from state_machine.artifacts.work_folder import work_folder

PORT = 8080


def site(config: Path, project: Path, stage: str, port: int, *, read_only: bool) -> Site:
    """The console of a stage; AWS_ENDPOINT_URL and the credentials of this process are its own."""
    return Site(
        name="Console",
        command=[
            *(sys.executable, "-m", "console", "--port", str(port)),
            *("--config", str(config.resolve()), "--stage", stage),
            *(["--read-only"] if read_only else []),
        ],
        port=port,
        ready="/ready",
        log=work_folder(project.resolve()) / "console.log",
        folder=Path(__file__).resolve().parents[2],
    )


@contextmanager
def naming_an_aws() -> Iterator[None]:
    """Where no AWS is named that one may talk to, say both ways to name one."""
    try:
        yield
    except CredentialsError as error:
        raise CredentialsError(
            str(error),
            f"{error.next_step}. "
            'For the embedded AWS, `retrain local start` and `eval "$(retrain local env)"`; for an '
            "account, set AWS_PROFILE to a profile with a region",
        ) from error


def free_port() -> int:
    """The console's usual port or, where that is taken, one that the system chooses."""
    for port in (PORT, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    return PORT  # which then says that it is taken
