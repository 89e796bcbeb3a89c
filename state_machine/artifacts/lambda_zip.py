"""The zip of the Lambdas as Chalice makes it, and the same to the byte for the same sources.

`chalice package` refuses an app with S3 events, so its packager is asked directly:
https://aws.github.io/chalice/topics/events.html#s3-events
"""

import base64
import hashlib
import io
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path

from chalice.deploy import packager
from chalice.utils import UI, OSUtils

from state_machine.artifacts.lambda_sdk import trim
from state_machine.errors import DeploymentError

# Of all Lambdas, whatever Python packages them: Chalice would take that of this machine, and two
# people with two Pythons would change each function at each deployment.
RUNTIME = "python3.12"
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


def build(staged: Path, wheels: Path) -> Path:
    """Have Chalice package the app that lies in `staged`; return the zip, which lies there too.

    `wheels` are those of all packages in requirements.txt, for Lambda. `chalice deploy` of the same
    folder takes the same zip, if it takes the same RUNTIME.

    Raises:
        DeploymentError: a wheel does not fit Lambda.
    """
    osutils, ui = OSUtils(), UI(out=io.StringIO(), err=io.StringIO())
    chalice = _Packager(osutils, _Wheels(osutils, wheels), ui)
    try:
        return Path(chalice.create_deployment_package(str(staged), RUNTIME))
    except packager.MissingDependencyError as error:
        missing = ", ".join(sorted(each.identifier for each in error.missing))
        raise DeploymentError(
            f"Chalice could not package the Lambdas: no wheel that fits Lambda's {RUNTIME} of "
            f"{missing}"
        ) from error


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
    """Chalice's packager, which would only print that a package is missing, and leave it out.

    And which would ship all of botocore.
    """

    def _build_python_dependencies(
        self, python_version: str, requirements_filepath: str, site_packages_dir: str
    ) -> None:
        self._dependency_builder.build_site_packages(
            self._RUNTIME_TO_ABI[python_version], requirements_filepath, site_packages_dir
        )
        trim(Path(site_packages_dir))


class _Wheels(packager.DependencyBuilder):
    """Chalice's own, without its downloads, which begin with what fits this machine's Python."""

    def __init__(self, osutils: OSUtils, wheels: Path) -> None:
        super().__init__(osutils)
        self._wheels = wheels

    def _download_dependencies(
        self, abi: str, directory: str, _requirements: str
    ) -> tuple[set[packager.Package], set[packager.Package]]:
        for wheel in sorted(self._wheels.glob("*.whl")):
            shutil.copyfile(wheel, Path(directory, wheel.name))
        fitting, others = self._categorize_wheel_files(abi, directory)
        return fitting, others - fitting
