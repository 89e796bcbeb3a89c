"""`retrain console`: the console as a child process on this machine."""

import sys
from pathlib import Path

from cli.local import WORK_FOLDER
from cli.web import Site

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
        log=project.resolve() / WORK_FOLDER / "console.log",
        folder=Path(__file__).resolve().parent.parent,
    )
