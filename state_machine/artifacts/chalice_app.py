"""The Lambdas as `chalice deploy` takes them: a staged copy of the project.

Chalice reads app.py, vendor/, requirements.txt and .chalice/. The copy leaves out what must not
ship (`shipped.py`), and takes the values that exist only now: bucket, ARNs, roles.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import boto3

from state_machine.artifacts import lambda_zip, shipped
from state_machine.artifacts.lambda_zip import LambdaZip
from state_machine.errors import DeploymentError
from state_machine.names import Names

PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
FOR_LAMBDA = ["--platform", "manylinux2014_x86_64"]
CHALICE = [sys.executable, "-c", "from chalice.cli import main; main()"]
CODE_TAG = "retrain-code"


class ChaliceApp:
    """All Lambdas of a stage, deployed together: once, however many of them ask for it.

    `functions` has for each what Chalice is told of it, `lambda_timeout` and `lambda_memory_size`:
    https://aws.github.io/chalice/topics/configfile.html
    """

    def __init__(
        self,
        names: Names,
        variables: Mapping[str, str],
        functions: Mapping[str, Mapping[str, int]],
        *,
        session: boto3.Session,
        project: Path,
        work_folder: Path,
    ) -> None:
        self.variables = dict(variables)
        self._names = names
        self._functions = functions
        self._session = session
        self._project = project
        self._work_folder = work_folder
        self._deployed = False

    @cached_property
    def digest(self) -> str:
        """The content of what is packaged, and with what: the same again, the same zip."""
        sources = [self._project / name for name in ("app.py", "requirements.txt")]
        vendored = sorted(self._vendored())
        found = hashlib.sha256(f"chalice {version('chalice')} {sys.version_info[:2]}".encode())
        for path in [*sources, *vendored]:
            content = path.read_bytes()
            found.update(f"\n{path.relative_to(self._project)} {len(content)}\n".encode() + content)
        return found.hexdigest()

    def deploy(self) -> None:
        """Bring all Lambdas up to date, with what invokes them; once.

        Raises:
            DeploymentError: with the last lines that Chalice or pip printed.
        """
        if self._deployed:
            return
        names = self._names
        with self.staged(f"{names.prefix}-{names.account}-{names.region}") as (staged, pip):
            _run(
                [*CHALICE, "--project-dir", str(staged), "deploy", "--stage", names.stage],
                {**_credentials(self._session), **pip},
                "chalice deploy",
            )
        self._sign()
        self._deployed = True

    @contextmanager
    def staged(self, name: str) -> Iterator[tuple[Path, dict[str, str]]]:
        """Yield the staged copy, and the variables that let pip do without a network."""
        staged = self._work_folder / "chalice" / name
        wheels = download_wheels(self._project / "requirements.txt", self._work_folder / "wheels")
        with alone_in(staged):
            self._stage(staged)
            yield staged, {"PIP_FIND_LINKS": str(wheels), "PIP_NO_INDEX": "1"}

    @cached_property
    def package(self) -> LambdaZip:
        """The zip of all Lambdas, for those who deploy it in another way.

        Raises:
            DeploymentError: pip or Chalice failed.
        """
        with self.staged(f"{self._names.prefix}-package") as (staged, variables):
            return lambda_zip.build(staged, variables)

    def tag(self, zip_digest: str) -> dict[str, str]:
        """Return the tag of a function: what was packaged, and the zip that came of it.

        `zip_digest` is Lambda's CodeSha256, in base64.
        """
        return {CODE_TAG: f"{self.digest}:{zip_digest}"}

    def staged_settings(self) -> dict[str, Any]:
        """Return the config.json of the staged copy: each function has a role of its own."""
        functions = {
            function: {
                **settings,
                "manage_iam_role": False,
                "iam_role_arn": self._names.role_arn(function),
            }
            for function, settings in self._functions.items()
        }
        stage = {"environment_variables": self.variables, "lambda_functions": functions}
        text = (self._project / ".chalice" / "config.json").read_text(encoding="utf-8")
        return {
            **json.loads(text),
            "app_name": self._names.name,
            "stages": {self._names.stage: stage},
        }

    def _vendored(self) -> Iterator[Path]:
        return shipped.files(self._project / "vendor", follow_links=True)

    def _stage(self, staged: Path) -> None:
        """Lay out in `staged` what Chalice packages. Its cache of built packages stays.

        Its memory of what it deployed goes: it would remove what somebody else has removed already,
        and fail.
        """
        shutil.rmtree(staged / "vendor", ignore_errors=True)
        shutil.rmtree(staged / ".chalice" / "deployed", ignore_errors=True)
        shutil.copytree(self._project / "vendor", staged / "vendor", ignore=shipped.left_out)
        for file in ("app.py", "requirements.txt"):
            shutil.copyfile(self._project / file, staged / file)
        (staged / ".chalice").mkdir(exist_ok=True)
        (staged / ".chalice" / "config.json").write_text(
            json.dumps(self.staged_settings(), indent=2), encoding="utf-8"
        )

    def _sign(self) -> None:
        """Tag each function with what was packaged, and with the zip that came of it."""
        lambdas = self._session.client("lambda")
        for function in self._functions:
            try:
                name = self._names.function(function)
                found = lambdas.get_function_configuration(FunctionName=name)
            except lambdas.exceptions.ResourceNotFoundException:
                continue  # app.py has no such function with these variables
            lambdas.tag_resource(Resource=found["FunctionArn"], Tags=self.tag(found["CodeSha256"]))


def download_wheels(requirements: Path, wheels: Path) -> Path:
    """Download the Lambdas' wheels once, hashes checked, so that later deployments need no network.

    Chalice first takes what fits this machine, then what fits Lambda where that is another: both
    are there. Returns the folder that holds them: one for each content of requirements.txt.
    """
    folder = wheels / hashlib.sha256(requirements.read_bytes()).hexdigest()[:16]
    with alone_in(folder):
        if not folder.exists():
            partial = folder.with_suffix(".partial")
            # Wheels only: a source distribution would be built with tools that no hash holds.
            arguments = ["download", "--only-binary=:all:", "--require-hashes", "-r"]
            arguments.append(str(requirements))
            for platform in ([], FOR_LAMBDA):
                command = [*PIP, *arguments, *platform, "-d", str(partial)]
                _run(command, {}, "pip download of requirements.txt")
            partial.rename(folder)
    return folder


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Have one deployment at a time write to the folder: they would mix up each other's files."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # until the file is closed, or the process ends
        yield


def _credentials(session: boto3.Session) -> dict[str, str]:
    """Chalice must act on the account that `session` names, whatever its own defaults are."""
    region = {"AWS_DEFAULT_REGION": session.region_name}
    credentials = session.get_credentials()
    if credentials is None:
        return region
    frozen = credentials.get_frozen_credentials()
    token = {"AWS_SESSION_TOKEN": frozen.token} if frozen.token else {}
    return {
        "AWS_ACCESS_KEY_ID": frozen.access_key or "",
        "AWS_SECRET_ACCESS_KEY": frozen.secret_key or "",
        **token,
        **region,
    }


def _run(command: list[str], variables: Mapping[str, str], what: str) -> None:
    finished = subprocess.run(
        command,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if finished.returncode != 0:
        last_lines = "\n".join(finished.stdout.strip().splitlines()[-15:])
        raise DeploymentError(f"{what} failed with exit code {finished.returncode}:\n{last_lines}")
