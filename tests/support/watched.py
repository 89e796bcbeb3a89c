"""A program in a shell that is pointed at the embedded AWS, watched for every call that leaves."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from local_aws.client import Connection
from local_aws.shell import exports

# https://docs.python.org/3/library/audit_events.html
_WATCH = """
import atexit as _atexit, json as _json, sys as _sys

_left = []

def _watch(event, arguments):
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    host = host.decode() if isinstance(host, bytes) else str(host)
    if host not in ("127.0.0.1", "localhost", "::1"):
        _left.append(host)
        raise PermissionError(f"nobody calls {host}")

_sys.addaudithook(_watch)

def tell(**answers):
    with open(_sys.argv[1], "w") as file:
        _json.dump(answers, file)

def _tell_who_was_called():
    with open(_sys.argv[2], "w") as file:
        _json.dump(_left, file)

_atexit.register(_tell_who_was_called)
"""


class Watched(NamedTuple):
    """What a program told by `tell(name=answer)`, and the hosts that it wanted to call."""

    told: dict[str, Any]
    left: list[str]
    printed: str


def run(
    aws: Connection, script: str, folder: Path, before: Mapping[str, str] | None = None
) -> Watched:
    """Run a program of Python in a shell that has set `before` and then was pointed at `aws`.

    Each attempt to resolve or reach another host than this one is recorded, and refused.
    """
    program, told, left = (folder / name for name in ("program.py", "told.json", "left.json"))
    program.write_text(_WATCH + script)
    lines = [*exports(aws.environment()), f'exec "$0" {program} {told} {left}']
    path = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    done = subprocess.run(
        ["bash", "-euc", "\n".join(lines), sys.executable],
        env={**path, **(before or {})},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr  # the SDK prints tracebacks to stdout
    answers = json.loads(told.read_text()) if told.exists() else {}
    return Watched(answers, json.loads(left.read_text()), done.stdout)
