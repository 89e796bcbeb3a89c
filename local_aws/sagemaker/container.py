"""A job's container: /opt/ml in a folder, and an environment of its own.

A job's process sees what AWS would give it and nothing of the server's: not its variables, and not
the source tree that the server runs from, only the packages that are installed beside it. Where
namespaces are forbidden it sees the machine's file system, and its folder under the folder's path.
"""

import json
import os
import shutil
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from local_aws.containers.containers import Box, Containers, own, shown

OPT_ML = "/opt/ml"
_HOME, _TMP, _IMAGE = "/root", "/tmp", "/opt/image"  # noqa: S108 (in a container, its own)
_PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
_SITE_PACKAGES = Path("lib", _PYTHON, "site-packages")
_TRAIN = """#!/usr/bin/env python
import asyncio
import signal
import sys
from functools import partial

# The first process of a container is not ended by SIGTERM: it waits for the script, which is told
# too because the whole group is.
signal.signal(signal.SIGTERM, lambda *_: None)

# The toolkit imports TensorFlow, for seconds, only to list the names of its exceptions, and goes
# on without them where it is not installed. The script, a process of its own, does see it.
sys.modules["tensorflow"] = None

from sagemaker_training import entry_point, trainer

# So AWS's TensorFlow image runs it: the failure file has what the script wrote of its error.
# https://github.com/aws/sagemaker-tensorflow-training-toolkit
entry_point.run = partial(entry_point.run, capture_error=True)

# The toolkit takes whatever has come for whole lines, and prints it so. Python without buffers
# writes a line in pieces, which a metric's expression, or a reader of the error, would not find.
read = asyncio.StreamReader.read


async def read_lines(stream, size):
    held = getattr(stream, "held", b"")
    while chunk := await read(stream, size):
        whole, end, stream.held = (held + chunk).rpartition(b"\\n")
        if end:
            return whole + end
        held = stream.held
        if len(held) > size:
            break
    stream.held = b""
    return held


asyncio.StreamReader.read = read_lines

trainer.train()
"""


# The folders of a job that it may write, and where it finds them in namespaces of its own.
_FOLDERS = {"tmp": _TMP, "home": _HOME, "opt/ml": OPT_ML}


class ContainerPathError(ValueError):
    """A path of the request lies outside of the container's /opt/ml."""


@dataclass(frozen=True)
class Runtime:
    """What stands for the image: a Python that sees the installed packages, and `train`.

    Without `containers` this machine forbids namespaces.
    """

    folder: Path
    containers: Containers | None = None

    def build(self) -> None:
        """Lay out the folder, anew at each start of the server: its Python may have changed.

        It is a virtual environment, because pip never uninstalls what lies outside of the one
        that it runs in: whatever a job's requirements.txt asks for, the packages of the server
        stay as they are.
        """
        interpreter = Path(getattr(sys, "_base_executable", sys.executable))
        shutil.rmtree(self.folder, ignore_errors=True)
        (self.folder / "bin").mkdir(parents=True)
        (self.folder / _SITE_PACKAGES).mkdir(parents=True)
        (self.folder / "pyvenv.cfg").write_text(
            f"home = {interpreter.parent}\ninclude-system-site-packages = false\n"
        )
        for name in ("python", "python3", _PYTHON):
            (self.folder / "bin" / name).symlink_to(interpreter)
        train = self.folder / "bin" / "train"
        train.write_text(_TRAIN)
        train.chmod(0o755)
        # A folder named in a .pth file joins sys.path without its own .pth files being read. So
        # the editable install of this project, which is one, stays out of sight.
        paths = sysconfig.get_paths()
        installed = dict.fromkeys((paths["purelib"], paths["platlib"]))
        (self.folder / _SITE_PACKAGES / "installed.pth").write_text("\n".join(installed) + "\n")

    @property
    def search_path(self) -> str:
        """The PATH of a job."""
        folder = _IMAGE if self.containers else str(self.folder)
        return os.pathsep.join((f"{folder}/bin", "/usr/local/bin", "/usr/bin", "/bin"))


@dataclass(frozen=True)
class Container:
    """The file system and the environment of one host of a job, below the folder `root`."""

    root: Path
    runtime: Runtime

    def create(self) -> None:
        """Make the folder, empty: what a job of an earlier server left there goes."""
        shutil.rmtree(self.root, ignore_errors=True)
        self._make_own_folders()

    def renew(self) -> None:
        """Empty the folder, the log aside: a new instance takes the place of an interrupted one."""
        self.discard()
        self._make_own_folders()

    def _make_own_folders(self) -> None:
        for name in ("home", "tmp"):
            (self.root / name).mkdir(parents=True)

    def discard(self) -> None:
        """Remove everything but the log, as the instance of a completed job goes away."""
        for name in ("home", "opt", "tmp"):
            shutil.rmtree(self.root / name, ignore_errors=True)
        (self.root / "hosts").unlink(missing_ok=True)

    def remove_unfinished(self) -> None:
        """Remove what the server itself was writing when it ended: half a download, an archive."""
        for pattern in ("opt/**/.*.partial", "tmp/*.tar.gz"):
            for path in self.root.glob(pattern):
                path.unlink()

    def path(self, inside: str) -> Path:
        """Return where `inside`, a path below /opt/ml, lies on this machine.

        Raises ContainerPathError for a path that is not below /opt/ml.
        """
        return self.root / checked_path(inside).relative_to("/")

    def command(self, elements: list[str]) -> list[str]:
        """Return the command, without namespaces with the job's folder for a leading /opt/ml/."""
        if self.runtime.containers:
            return elements
        return [
            f"{self.root}{element}" if element.startswith(f"{OPT_ML}/") else element
            for element in elements
        ]

    def environment(
        self, endpoint: str, region: str, credentials: dict[str, str]
    ) -> dict[str, str]:
        """Return the variables that every job has; pip installs into the job's own folder.

        AWS gives a job its role's credentials at a link-local address that
        AWS_CONTAINER_CREDENTIALS_RELATIVE_URI completes. A process without a network of its own
        cannot have that address, so it gets them as SDKs take them otherwise, as variables.
        """
        packages = f"{self._inside('home')}/.packages"
        return {
            "PATH": self.runtime.search_path,
            "PYTHONPATH": f"{packages}/{_SITE_PACKAGES}",
            "PYTHONUNBUFFERED": "1",
            "PIP_PREFIX": packages,
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "HOME": self._inside("home"),
            "TMPDIR": self._inside("tmp"),
            "LANG": "C.UTF-8",
            "SAGEMAKER_BASE_DIR": self._inside("opt/ml"),
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",  # there is no host `sync-127.0.0.1`
            **credentials,
        }

    def box(self, addresses: dict[str, str]) -> Box | None:
        """Return what the job's processes are started in, None where namespaces are forbidden.

        `addresses` are those of the job's hosts by their names, for /etc/hosts.
        """
        containers = self.runtime.containers
        if containers is None:
            return None
        hosts = self.root / "hosts"
        hosts.write_text(_hosts_file(addresses, Path("/etc/hosts")))
        self.make_folder(OPT_ML)
        folders = [own(self.root / folder, inside) for folder, inside in _FOLDERS.items()]
        folders += [own(folder, str(folder)) for folder in containers.writable]
        image = shown(self.runtime.folder, _IMAGE)
        return containers.box([*folders, image, shown(hosts, "/etc/hosts")], _HOME)

    def _inside(self, folder: str) -> str:
        """Return where the job itself finds one of its folders."""
        return _FOLDERS[folder] if self.runtime.containers else str(self.root / folder)

    def make_folder(self, inside: str) -> Path:
        """Make the folder `inside`, a path below /opt/ml, and return where it lies."""
        folder = self.path(inside)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def write_json(self, inside: str, content: Any) -> None:
        """Write a configuration file such as /opt/ml/config/resourceconfig.json."""
        path = self.path(inside)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))

    def read_start(self, inside: str, size: int) -> bytes:
        """Return the first `size` bytes of a file, b"" if there is no such file."""
        try:
            with self.path(inside).open("rb") as file:
                return file.read(size)
        except OSError:
            return b""


def checked_path(inside: str) -> PurePosixPath:
    """Return the path; raises ContainerPathError for one that is not below /opt/ml."""
    pure = PurePosixPath(inside)
    if ".." in pure.parts or not pure.is_relative_to(OPT_ML):
        raise ContainerPathError(f"{inside!r} is not a path below {OPT_ML}")
    return pure


def _hosts_file(addresses: dict[str, str], of_machine: Path) -> str:
    """Return an /etc/hosts: what the machine's says, after the names of the job's hosts."""
    named = "".join(f"{address}\t{name}\n" for name, address in addresses.items())
    try:
        return named + of_machine.read_text()
    except OSError:
        return named + "127.0.0.1\tlocalhost\n"
