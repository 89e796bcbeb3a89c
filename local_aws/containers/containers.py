"""What a container's process sees, and how it is started; or, where that is forbidden, why."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from local_aws import sdk_files
from local_aws.containers import view
from local_aws.containers.namespaces import Mount
from local_aws.processes import child

_LAUNCHER = str(Path(__file__).with_name("launcher.py"))
_SDK_FILES = "/opt/sdk"
_SHARED_MEMORY: Mount = ("empty", "mode=1777", "/dev/shm")  # noqa: S108


@dataclass(frozen=True)
class Box:
    """A container that can be started: its mounts, and the command's working directory in it."""

    mounts: tuple[Mount, ...]
    folder: str

    def supervisor(self) -> list[str]:
        """Return the launcher with its arguments, for `child.start`."""
        flat = [part for mount in self.mounts for part in mount]
        return [_LAUNCHER, self.folder, str(len(self.mounts)), *flat]


@dataclass(frozen=True)
class Containers:
    """Makes boxes that hide the machine's user, and the server that keeps `data_folder`.

    Of what it keeps they see the files that lead SDKs to it. `writable` are folders of the user's
    that jobs may write, at the same path.
    """

    data_folder: Path
    writable: tuple[Path, ...] = ()

    def box(self, mounts: Sequence[Mount], folder: str) -> Box:
        """Return the box that has these mounts beside what every container sees.

        One of them gives the container a /tmp.
        """
        hidden = view.hidden(self.data_folder)
        files = sdk_files.folder(self.data_folder)
        covered = [*hidden, *(Path(target) for _, _, target in mounts)]
        return Box(
            (
                *(("hidden", "", str(path)) for path in hidden),
                *mounts,
                *([shown(files, _SDK_FILES)] if files.is_dir() else ()),
                *view.python(covered),
                *((_SHARED_MEMORY,) if Path(_SHARED_MEMORY[2]).is_dir() else ()),
            ),
            folder,
        )


def sdk_variables(containers: Containers | None, data_folder: Path) -> dict[str, str]:
    """Return the variables that name `sdk_files` to a program in a container, or outside of one."""
    files = Path(_SDK_FILES) if containers else sdk_files.folder(data_folder)
    return sdk_files.variables(files)


def own(source: Path, target: str) -> Mount:
    """Show what lies at `source`; the container may write there."""
    return ("own", str(source), target)


def shown(source: Path, target: str) -> Mount:
    """Show what lies at `source`, read-only."""
    return ("shown", str(source), target)


def memory(target: str, megabytes: int) -> Mount:
    """Have an empty folder in memory that everybody in the container may write."""
    return ("empty", f"mode=1777,size={megabytes}m", target)


def start(
    command: list[str],
    *,
    env: dict[str, str],
    cwd: Path,
    stdout: int | IO[bytes],
    box: Box | None,
) -> child.Process:
    """Start the command as `child.start` does, in the box if there is one.

    With a box `cwd` is the folder that the supervisor works in, and by which it can be found.
    """
    if box is None:
        return child.start(command, env=env, cwd=cwd, stdout=stdout)
    return child.start(command, env=env, cwd=cwd, stdout=stdout, supervisor=box.supervisor())
