"""Whether this Python already has all that a requirements.txt asks for: exit code 0 if so, else 1.

    python installed.py requirements.txt

pip needs a second to find that out, in every job. What is not plain, options, extras, addresses or
files of others, is left to pip.
"""

import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement


def all_installed(requirements: str) -> bool:
    """Return whether each requirement in the text of a requirements.txt is certainly there."""
    try:
        return all(map(_is_installed, _lines(requirements)))
    except (InvalidRequirement, PackageNotFoundError):
        return False


def _lines(requirements: str) -> Iterator[str]:
    """Yield the requirements without their hashes, which only a download is held to."""
    for line in requirements.replace("\\\n", " ").splitlines():
        text = line.partition(" #")[0].partition(" --hash=")[0].strip()
        if text and not text.startswith("#"):
            yield text


def _is_installed(line: str) -> bool:
    wanted = Requirement(line)  # raises for an option, a file or an address
    if wanted.marker is not None and not wanted.marker.evaluate():
        return True
    if wanted.extras or wanted.url:
        return False
    return wanted.specifier.contains(version(wanted.name), prereleases=True)


if __name__ == "__main__":
    sys.exit(not all_installed(Path(sys.argv[1]).read_text(encoding="utf-8")))
