"""Start the embedded AWS as a process of its own, and talk to it."""

import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import boto3

from local_aws.credentials import variables

_PROJECT = Path(__file__).resolve().parent.parent
_TIME_TO_STOP = 20.0


class EmbeddedAwsError(Exception):
    """The embedded AWS did not start."""


class EmbeddedAws:
    """A context manager: the embedded AWS runs while the block runs, and ends with it.

    Everything it keeps lies in `data_folder`; its log is `data_folder/server.log`. `arguments` are
    further options of `python -m local_aws`.
    """

    def __init__(
        self, data_folder: Path, *, region: str = "us-east-1", arguments: tuple[str, ...] = ()
    ) -> None:
        self.data_folder = data_folder
        self.region = region
        self.endpoint = ""
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None
        self._session: boto3.Session | None = None

    def __enter__(self) -> Self:
        self.data_folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "local_aws", "--data-folder", str(self.data_folder)]
        command += ["--region", self.region, "--stop-with-stdin", *self._arguments]
        with self._output_file().open("wb") as errors:
            self._process = subprocess.Popen(
                command,
                cwd=_PROJECT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,  # Ctrl-C is for the caller, who then ends this block
            )
        try:
            self.endpoint = self._read_endpoint(self._process.stdout)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The server's process id."""
        if self._process is None:
            raise EmbeddedAwsError("the embedded AWS was not started: use it in a with statement")
        return self._process.pid

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

    def environment(self) -> dict[str, str]:
        """Return the variables that point any AWS tool at this server, and at no real account."""
        return variables(self.endpoint, self.region)

    def session(self) -> boto3.Session:
        """Return a boto3 session with this server's credentials and region."""
        if self._session is None:
            given = self.environment()
            self._session = boto3.Session(
                aws_access_key_id=given["AWS_ACCESS_KEY_ID"],
                aws_secret_access_key=given["AWS_SECRET_ACCESS_KEY"],
                region_name=self.region,
            )
        return self._session

    def client(self, service: str, **options: Any) -> Any:
        """Return a boto3 client of `service` that talks to this server."""
        return self.session().client(service, endpoint_url=self.endpoint, **options)  # type: ignore[call-overload]

    def _output_file(self) -> Path:
        return self.data_folder / "server.out"

    def _read_endpoint(self, stdout: IO[bytes] | None) -> str:
        line = stdout.readline() if stdout else b""
        if not line:
            problem = self._output_file().read_text(errors="replace").strip()
            raise EmbeddedAwsError(f"the embedded AWS did not start: {problem or 'no output'}")
        return str(json.loads(line)["endpoint"])
