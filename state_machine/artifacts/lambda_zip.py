"""The zip of the Lambdas as Chalice makes it, and the same to the byte for the same sources.

`chalice package` refuses an app with S3 events, so its packager is asked directly:
https://aws.github.io/chalice/topics/events.html#s3-events
"""

import base64
import hashlib
import io
import os
import zipfile
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path

from chalice.config import Config
from chalice.deploy import packager
from chalice.utils import UI, OSUtils

from state_machine.errors import DeploymentError

RUNTIME = Config().lambda_python_version
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip can name


@dataclass(frozen=True)
class LambdaZip:
    """The content of the zip."""

    content: bytes

    @property
    def name(self) -> str:
        """A file name by content: CloudFormation updates functions when the name changes."""
        return f"lambdas-{hashlib.sha256(self.content).hexdigest()[:16]}.zip"

    @property
    def digest(self) -> str:
        """What Lambda calls CodeSha256."""
        return code_sha256(self.content)


def code_sha256(content: bytes) -> str:
    """Return what Lambda says as CodeSha256 of a zip.

    https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html
    """
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


def build(
    staged: Path,
    variables: Mapping[str, str],
    builder: packager.DependencyBuilder | None = None,
) -> Path:
    """Have Chalice package the app that lies in `staged`; return the zip, which lies there too.

    `variables` are for pip, which `builder` runs: Chalice's own if it is None. `chalice deploy` of
    the same folder takes the same zip.

    Raises:
        DeploymentError: pip or Chalice failed.
    """
    osutils = _WithVariables(variables)
    builder = builder or packager.DependencyBuilder(osutils)
    ui = UI(out=io.StringIO(), err=io.StringIO())
    try:
        return Path(_Packager(osutils, builder, ui).create_deployment_package(str(staged), RUNTIME))
    except packager.MissingDependencyError as error:
        missing = ", ".join(sorted(each.identifier for each in error.missing))
        reason = f"no wheel that fits Lambda of {missing}"
    except (packager.NoSuchPackageError, packager.PackageDownloadError) as error:
        reason = str(error).strip()
    raise DeploymentError(f"Chalice could not package the Lambdas: {reason}")


def reproducible(made: Path) -> bytes:
    """Return the zip with its files in order, and without the times at which they were written."""
    content = io.BytesIO()
    with zipfile.ZipFile(made) as found, zipfile.ZipFile(content, "w") as zipped:
        for name in sorted(set(found.namelist())):
            about = zipfile.ZipInfo(name, _EPOCH)
            about.external_attr = 0o644 << 16  # Lambda runs as a user of its own
            zipped.writestr(about, found.read(name), zipfile.ZIP_DEFLATED)
    return content.getvalue()


class _Packager(packager.LambdaDeploymentPackager):
    """Chalice's packager, which would only print that a package is missing, and leave it out."""

    def _build_python_dependencies(
        self, python_version: str, requirements_filepath: str, site_packages_dir: str
    ) -> None:
        self._dependency_builder.build_site_packages(
            self._RUNTIME_TO_ABI[python_version], requirements_filepath, site_packages_dir
        )


class _WithVariables(OSUtils):
    """Chalice's way to the machine, with variables for pip."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = dict(variables)

    def environ(self) -> MutableMapping[str, str]:
        return {**os.environ, **self._variables}
