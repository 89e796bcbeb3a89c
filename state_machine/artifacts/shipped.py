"""Which files of a folder are shipped: never those that editors, systems and tools leave there.

Hidden files are left out with all that is in hidden folders: `.env` holds secrets, `.DS_Store` and
`.main.py.swp` come and go, and each would make another digest, so that every step is run again.
"""

import os
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path

LEFT_OUT = (
    ".*",
    "*.env",
    # editors and merges
    "*~",
    "#*#",
    "*.sw[a-p]",
    "*.bak",
    "*.orig",
    "*.rej",
    # what Python and others make by themselves
    "__pycache__",
    "*.py[co]",
    "*.egg-info",
    "node_modules",
    # Windows and macOS
    "[Tt]humbs.db",
    "[Dd]esktop.ini",
    "__MACOSX",
)
VIRTUAL_ENVIRONMENT = "pyvenv.cfg"  # lies in each, whatever its name


def left_out(folder: str, names: Iterable[str]) -> set[str]:
    """Return those names in a folder that are not shipped: for `shutil.copytree` as well."""
    return {
        name
        for name in names
        if any(fnmatchcase(name, pattern) for pattern in LEFT_OUT)
        or Path(folder, name, VIRTUAL_ENVIRONMENT).is_file()
    }


def files(folder: Path, *, follow_links: bool = False) -> Iterator[Path]:
    """Yield the files below a folder that are shipped; `follow_links` to other folders too."""
    for place, folders, names in os.walk(folder, followlinks=follow_links):
        folders[:] = set(folders) - left_out(place, folders)
        for name in set(names) - left_out(place, names):
            if (path := Path(place, name)).is_file():
                yield path
