"""When a data set is complete: the one rule, for the bucket and for a folder that is to be sent.

- Where a ``manifest.json`` lies in the folder, every file that it lists has to be there in the
  listed size. A manifest may list an empty file.
- Where none does, every required file has to be there, and none of them may be empty: many tools
  put an empty object first, and its content later.
- Names are the same where they differ in their Unicode spelling only. A file may be there under
  one spelling of its name only: nobody could tell which of two is meant.

The Lambdas, the console, ``retrain upload``, ``demo`` and ``doctor`` ask here. The preprocessing
job can import nothing of this: ``ml_scripts/data/manifest.py`` has the rule again, and one table of
cases, tests/support/data_set_cases.py, holds all of them together.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lambdas.data_sets import manifest
from lambdas.data_sets.manifest import ListedFile, same_name


@dataclass(frozen=True)
class Verdict:
    """What a folder holds of a data set, and what keeps the data set from being complete."""

    files: tuple[str, ...]  # names that make it complete, as they are spelled there if they are
    missing: tuple[str, ...]  # names of files that are not there
    problems: tuple[str, ...]  # what else is wrong, one line each

    @property
    def incomplete(self) -> str:
        """Why the data set is incomplete, in one line; empty where it is complete."""
        missing = [f"{', '.join(self.missing)} missing"] if self.missing else []
        return "; ".join([*missing, *self.problems])


def judge(
    sizes: Mapping[str, int], required: Sequence[str], listed: Sequence[ListedFile] = ()
) -> Verdict:
    """Hold the files of a folder to the rule.

    ``sizes`` has the bytes of each file that lies directly in the folder. ``listed`` is what its
    manifest lists, which then takes the place of the names that are ``required``.
    """
    spellings: dict[str, list[str]] = defaultdict(list)
    for name in sorted(sizes):
        spellings[same_name(name)].append(name)
    expected = {file.name: file.size for file in listed} or dict.fromkeys(required)
    files = [manifest.FILE_NAME] if listed else []
    missing: list[str] = []
    problems: list[str] = []
    for name, size in expected.items():
        found = spellings.get(same_name(name), [])
        files += found or [name]
        if not found:
            missing.append(name)
        problems += _problems(found, sizes, size)
    return Verdict(tuple(files), tuple(missing), tuple(problems))


def _problems(
    found: Sequence[str], sizes: Mapping[str, int], expected: int | None
) -> Iterator[str]:
    """Say what is wrong with the file of a name, whose spellings in the folder are ``found``."""
    if len(found) > 1:
        names = " and ".join(ascii(name) for name in found)
        yield f"{names} are one name in two spellings: delete one of the files"
        return
    for name in found:
        if expected is None and not sizes[name]:
            yield f"{name} is empty"
        elif expected is not None and sizes[name] != expected:
            yield (
                f"{name}: found {sizes[name]} bytes, expected {expected} bytes as "
                f"{manifest.FILE_NAME} lists it"
            )
