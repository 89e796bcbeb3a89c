"""The Lambdas as `chalice deploy` takes them: a staged copy of the project.

Chalice reads app.py, vendor/, requirements.txt and .chalice/. The copy leaves out what must not
ship (`shipped.py`), and takes the values that exist only now: bucket, ARNs, roles.
"""

import fcntl
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import boto3

from state_machine import processes
from state_machine.account import NO_RULES, Account
from state_machine.artifacts import lambda_zip, shipped
from state_machine.artifacts.lambda_sdk import SERVICES, UNREAD
from state_machine.artifacts.lambda_zip import RUNTIME, LambdaZip
from state_machine.errors import DeploymentError
from state_machine.names import Names
from state_machine.processes import ProcessFailedError

PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
# Lambda's Python, and the platform that its system can run:
# https://docs.aws.amazon.com/lambda/latest/dg/python-package.html#python-package-native-libraries
PYTHON = RUNTIME.removeprefix("python")
FOR_LAMBDA = [
    *("--platform", "manylinux2014_x86_64"),
    *("--implementation", "cp"),
    *("--python-version", PYTHON),
]
# Chalice's main() returns its exit code, which its own command hands on in the same way. It has no
# setting for the runtime, and would take this machine's Python.
CHALICE = [
    sys.executable,
    "-c",
    "import sys; from chalice.config import Config; "
    f"Config.lambda_python_version = {RUNTIME!r}; "
    "from chalice.cli import main; sys.exit(main())",
]
CODE_TAG = "retrain-code"
_PACKAGED = "packaged"  # in .chalice of a staged copy: the digest of what was packaged last


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
        account: Account = NO_RULES,
    ) -> None:
        self.variables = dict(variables)
        self.tags = account.tags
        self.kms_key = account.kms_key
        self.subnets, self.security_groups = account.subnets, account.security_group_ids
        self._names = names
        self._functions = functions
        self._session = session
        self._project = project
        self._work_folder = work_folder
        self._deployed = False

    @cached_property
    def digest(self) -> str:
        """The content of what is packaged, and with what: the same again, the same zip."""
        return _digest(self._project)

    def deploy(self) -> None:
        """Bring all Lambdas up to date, with what invokes them; once.

        Raises:
            DeploymentError: with the last lines that Chalice or pip printed. Functions that have
                the new code by then are not signed, so the next plan shows them as changed.
        """
        if self._deployed:
            return
        names = self._names
        with self.staged(f"{names.prefix}-{names.account}-{names.region}") as (staged, wheels):
            made = lambda_zip.code_sha256(self._made(staged, wheels).read_bytes())
            _run(
                [*CHALICE, "--project-dir", str(staged), "deploy", "--stage", names.stage],
                # It takes the zip that was made. If it made another one, pip would find no wheels.
                {**_credentials(self._session), "PIP_NO_INDEX": "1"},
                "chalice deploy",
            )
            self._sign(_deployed(staged, names.stage), made)
        self._deployed = True

    @contextmanager
    def staged(self, name: str) -> Iterator[tuple[Path, Path]]:
        """Yield the staged copy, and the folder of the wheels for Lambda."""
        staged = self._work_folder / "chalice" / name
        wheels = download_wheels(self._project / "requirements.txt", self._work_folder / "wheels")
        with alone_in(staged):
            self._stage(staged)
            yield staged, wheels

    @cached_property
    def package(self) -> LambdaZip:
        """The zip of all Lambdas, for those who deploy it in another way.

        Raises:
            DeploymentError: pip or Chalice failed.
        """
        with self.staged(f"{self._names.prefix}-package") as (staged, wheels):
            return LambdaZip(lambda_zip.reproducible(self._made(staged, wheels)))

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
        stage = {
            "environment_variables": self.variables,
            "lambda_functions": functions,
            **({"tags": dict(self.tags)} if self.tags else {}),
            # Chalice takes a function out of its VPC where these are empty.
            "subnet_ids": self.subnets,
            "security_group_ids": self.security_groups,
        }
        text = (self._project / ".chalice" / "config.json").read_text(encoding="utf-8-sig")
        return {
            **json.loads(text),
            "app_name": self._names.name,
            "stages": {self._names.stage: stage},
        }

    def _made(self, staged: Path, wheels: Path) -> Path:
        """Return the zip of the staged copy; one that was made of the same content is kept.

        Chalice keeps zips too, by a digest that leaves out the names of files, and also one whose
        writing was interrupted.
        """
        packaged, digest = staged / ".chalice" / _PACKAGED, _digest(staged)
        if not packaged.is_file() or packaged.read_text(encoding="utf-8") != digest:
            shutil.rmtree(staged / ".chalice" / "deployments", ignore_errors=True)
            packaged.unlink(missing_ok=True)
        made = lambda_zip.build(staged, wheels)
        packaged.write_text(digest, encoding="utf-8")
        return made

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

    def _sign(self, functions: Iterable[str], made: str) -> None:
        """Tag each function with what was packaged, and with the zip that came of it.

        Raises:
            DeploymentError: a function has another zip than `made`, by its CodeSha256.
        """
        lambdas = self._session.client("lambda")
        for function in functions:
            name = self._names.function(function)
            found = lambdas.get_function_configuration(FunctionName=name)
            if found["CodeSha256"] != made:
                raise DeploymentError(
                    f"chalice deploy left {name} with code of the SHA-256 {found['CodeSha256']}, "
                    f"expected {made}: does somebody else deploy this stage? Deploy again"
                )
            lambdas.tag_resource(Resource=found["FunctionArn"], Tags=self.tag(found["CodeSha256"]))


def download_wheels(requirements: Path, wheels: Path) -> Path:
    """Download the Lambdas' wheels once, hashes checked, so that later deployments need no network.

    They are for Lambda's Python, and none for this machine's. Returns the folder that holds them:
    one for each content of requirements.txt.

    Raises:
        DeploymentError: with the last lines that pip printed.
    """
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()[:16]
    folder = wheels / f"{digest}-cp{PYTHON.replace('.', '')}"
    with alone_in(folder):
        if not folder.exists():
            partial = folder.with_suffix(".partial")
            # Wheels only: a source distribution would be built with tools that no hash holds.
            arguments = ["download", "--only-binary=:all:", "--require-hashes", *FOR_LAMBDA]
            command = [*PIP, *arguments, "-r", str(requirements), "-d", str(partial)]
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


def _digest(project: Path) -> str:
    """Return a digest of what a project or a staged copy has that is packaged, names and all."""
    sources = [project / name for name in ("app.py", "requirements.txt")]
    vendored = sorted(shipped.files(project / "vendor", follow_links=True))
    made_with = f"chalice {version('chalice')} {RUNTIME} {sorted(SERVICES)} {UNREAD}"
    found = hashlib.sha256(made_with.encode())
    for path in [*sources, *vendored]:
        content = path.read_bytes()
        found.update(f"\n{path.relative_to(project)} {len(content)}\n".encode() + content)
    return found.hexdigest()


def _deployed(staged: Path, stage: str) -> list[str]:
    """Return the functions that Chalice has just deployed, as app.py names them."""
    text = (staged / ".chalice" / "deployed" / f"{stage}.json").read_text(encoding="utf-8")
    resources = json.loads(text)["resources"]
    return [each["name"] for each in resources if each["resource_type"] == "lambda_function"]


def _run(command: list[str], variables: Mapping[str, str], what: str) -> None:
    try:
        processes.run(command, what, env={**os.environ, **variables})
    except ProcessFailedError as error:
        raise DeploymentError(
            ":\n".join(filter(None, (str(error), "\n".join(error.lines))))
        ) from error
