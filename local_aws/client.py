"""Start the embedded AWS as a process of its own, find one that runs, and talk to it."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import boto3
import botocore.session
from botocore.config import Config

from local_aws import sdk_files
from local_aws.credentials import read_key, variables, without_secrets
from local_aws.server import ownership
from local_aws.state import folder

_PROJECT = Path(__file__).resolve().parent.parent
_TIME_TO_STOP = 20.0
_POLL_SECONDS = 0.05
# Botocore's settings that name files and profiles; whatever the shell sets, these have none.
_NO_FILES = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
# StartSyncExecution and TestState would be sent to `sync-127.0.0.1`, which is no host.
_DIRECTLY = Config(proxies={}, inject_host_prefix=False)


class EmbeddedAwsError(Exception):
    """The embedded AWS did not start, or did not stop."""


class Connection:
    """The way to an embedded AWS that runs."""

    def __init__(self, data_folder: Path, endpoint: str, region: str, pid: int) -> None:
        self.data_folder = data_folder
        self.endpoint = endpoint
        self.region = region
        self.pid = pid
        self._session: boto3.Session | None = None

    def is_running(self) -> bool:
        """Tell whether the server still has its folder."""
        return ownership.is_claimed(self.data_folder)

    def environment(self) -> dict[str, str]:
        """Return the variables that point any AWS tool at this server, and at no real account."""
        of_the_server = variables(self.endpoint, self.region, read_key(self.data_folder))
        return {**of_the_server, **sdk_files.variables(sdk_files.folder(self.data_folder))}

    def session(self) -> boto3.Session:
        """Return a boto3 session with this server's credentials and region."""
        if self._session is None:
            given = self.environment()
            core = botocore.session.Session(session_vars=_NO_FILES)
            core.set_default_client_config(_DIRECTLY)
            self._session = boto3.Session(
                aws_access_key_id=given["AWS_ACCESS_KEY_ID"],
                aws_secret_access_key=given["AWS_SECRET_ACCESS_KEY"],
                region_name=self.region,
                botocore_session=core,
            )
        return self._session

    def client(self, service: str, **options: Any) -> Any:
        """Return a boto3 client of `service` that talks to this server."""
        return self.session().client(service, endpoint_url=self.endpoint, **options)  # type: ignore[call-overload]


class EmbeddedAws(Connection):
    """A context manager: the embedded AWS runs while the block runs, and ends with it.

    Everything it keeps lies in `data_folder`; its log is `data_folder/server.log`. `arguments` are
    further options of `python -m local_aws`.

    Raises:
        EmbeddedAwsError: it did not start, for example because another one has the folder.
    """

    def __init__(
        self, data_folder: Path, *, region: str = "us-east-1", arguments: tuple[str, ...] = ()
    ) -> None:
        super().__init__(data_folder, endpoint="", region=region, pid=0)
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._process = _launch(
            self.data_folder, self.region, ("--stop-with-stdin", *self._arguments), subprocess.PIPE
        )
        try:
            self.endpoint = _read_endpoint(self._process, self.data_folder)
        except BaseException:
            self.stop()
            raise
        self.pid = self._process.pid
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End the server and everything that it started."""
        if self._process is None:
            return
        process, self._process = self._process, None
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            process.wait(_TIME_TO_STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def running(data_folder: Path) -> Connection | None:
    """Return the way to the embedded AWS that works in the folder, or None."""
    about = ownership.running(data_folder)
    if about is None:
        return None
    return Connection(data_folder, about.endpoint, about.region, about.pid)


def start_in_background(
    data_folder: Path, *, region: str = "us-east-1", arguments: tuple[str, ...] = ()
) -> Connection:
    """Start an embedded AWS that outlives this process; `stop_in_background` ends it.

    `arguments` are further options of `python -m local_aws`.

    Raises:
        EmbeddedAwsError: it did not start, for example because another one has the folder.
    """
    process = _launch(data_folder, region, arguments, subprocess.DEVNULL)
    endpoint = _read_endpoint(process, data_folder)
    return Connection(data_folder, endpoint, region, process.pid)


def stop_in_background(data_folder: Path) -> bool:
    """End the embedded AWS that works in the folder; return whether there was one.

    Raises:
        EmbeddedAwsError: it is there after 20 seconds and a SIGKILL.
    """
    about = ownership.running(data_folder)
    if about is None:
        return False
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.kill(about.pid, number)
        deadline = time.monotonic() + _TIME_TO_STOP
        while time.monotonic() < deadline:
            if not ownership.is_claimed(data_folder):
                return True
            time.sleep(_POLL_SECONDS)
    raise EmbeddedAwsError(f"the embedded AWS, process {about.pid}, does not end")


def _launch(
    data_folder: Path, region: str, options: tuple[str, ...], stdin: int
) -> "subprocess.Popen[bytes]":
    """Start the server's process. It reports on its output once it answers."""
    try:
        folder.make_private(data_folder)
    except folder.ForeignFolderError as error:
        raise EmbeddedAwsError(str(error)) from error
    if ownership.is_claimed(data_folder):
        raise EmbeddedAwsError(ownership.served_by(data_folder))
    command = [sys.executable, "-m", "local_aws", "--data-folder", str(data_folder.resolve())]
    with open(_output_file(data_folder), "wb", opener=_private) as errors:
        return subprocess.Popen(
            [*command, "--region", region, *options],
            cwd=_PROJECT,
            env=without_secrets(os.environ),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,  # Ctrl-C is for the caller, who then ends the server
        )


def _read_endpoint(process: "subprocess.Popen[bytes]", data_folder: Path) -> str:
    line = process.stdout.readline() if process.stdout else b""
    if not line:
        problem = _output_file(data_folder).read_text(errors="replace").strip()
        ended = f"its process ended with code {process.wait()}"  # -N if signal N killed it
        raise EmbeddedAwsError(f"the embedded AWS did not start: {problem or ended}")
    return str(json.loads(line)["endpoint"])


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _output_file(data_folder: Path) -> Path:
    return data_folder / "server.out"
