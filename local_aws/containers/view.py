"""What of this machine a container shows: nearly all, read-only, but nothing of its user's.

Docker would show an image. Here the machine's own system, and the Python that serves the embedded
AWS, stand for the image.
"""

import os
import pwd
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path

from local_aws.containers.namespaces import Mount

_PROJECT = Path(__file__).resolve().parent.parent.parent
# Who keeps a user's files in one of these, or above, has to live with their being seen.
_SYSTEM = (
    *("/bin", "/dev", "/etc", "/lib", "/lib64", "/opt", "/proc", "/sbin", "/sys", "/var"),
    *("/usr/bin", "/usr/lib", "/usr/local", "/usr/sbin", "/usr/share"),
)


def hidden(data_folder: Path) -> list[Path]:
    """Return what no container sees, parents first: homes, this project, what the server keeps."""
    kept = data_folder.parent if data_folder.parent.name == ".retrain" else data_folder
    folders = [
        *(Path("/home"), Path("/root"), Path("/run/user")),
        *(_home(), Path(os.environ.get("HOME") or "/"), _PROJECT, kept),
    ]
    return sorted({folder.resolve() for folder in folders if not _holds_system(folder.resolve())})


def python(covered: Iterable[Path]) -> Iterator[Mount]:
    """Yield what shows the running Python and its packages again where they are covered.

    A virtual environment may lie in the project, and its Python in the user's home.
    """
    covers = tuple(covered)
    shown = {path for path in _python_folders() if path.is_dir() and _is_below(path, covers)}
    for folder in sorted(shown):
        yield ("shown", str(folder), str(folder))
    programs = (Path(sys.executable), Path(getattr(sys, "_base_executable", sys.executable)))
    for program in programs:
        for link in _links(program):
            if _is_below(link, covers) and not _is_below(link, shown):
                yield ("link", str(link.readlink()), str(link))


def _python_folders() -> Iterator[Path]:
    """Yield each as it is named, and where it is: with uv and pyenv there are links on the way."""
    paths = sysconfig.get_paths()
    for name in (sys.prefix, sys.base_prefix, sys.base_exec_prefix, *map(paths.get, _PACKAGES)):
        if name:
            yield Path(name)
            yield Path(name).resolve()


_PACKAGES = ("purelib", "platlib")


def _links(path: Path) -> Iterator[Path]:
    """Yield the symbolic links that lead from the path to the file that it names."""
    while path.is_symlink():
        yield path
        path = path.parent / path.readlink()


def _is_below(path: Path, folders: Iterable[Path]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)


def _holds_system(folder: Path) -> bool:
    """Tell whether programs would miss it: some system users' home is /, /bin or /usr/sbin."""
    return any(Path(each).is_relative_to(folder) for each in _SYSTEM)


def _home() -> Path:
    try:
        return Path(pwd.getpwuid(os.geteuid()).pw_dir)
    except KeyError:  # a number without a name, as in some containers
        return Path("/")
