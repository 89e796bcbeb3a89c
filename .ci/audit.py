"""Ask for known vulnerabilities of everything that is locked: `make audit`.

    python .ci/audit.py [ARGUMENT OF pip-audit ...]

Exits with 0 if none is known, 1 if some are, and 3 if that could not be found out for all packages:
without a network, for one. pip-audit itself calls a package that its service does not know a
skipped one, and succeeds.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[1]
LOCKED = (
    "requirements.txt",
    "requirements/build.txt",
    "requirements/dev.txt",
    "ml_scripts/requirements.txt",
    "ml_scripts/requirements-tracking.txt",
)
NONE_KNOWN, VULNERABLE, NOT_ASKED = 0, 1, 3


@dataclass(frozen=True)
class Answer:
    """What is known of the packages that one file locks."""

    packages: int
    vulnerabilities: tuple[str, ...]
    unknown: tuple[str, ...]  # why nothing is known of a package, or of all

    @property
    def code(self) -> int:
        """The exit code that it asks for."""
        if self.vulnerabilities:
            return VULNERABLE
        return NOT_ASKED if self.unknown or not self.packages else NONE_KNOWN


def main(files: Sequence[Path], arguments: Sequence[str]) -> int:
    """Print what is known of the files' packages, and return the exit code."""
    codes = []
    for file in files:
        answer = ask(file, arguments)
        codes.append(answer.code)
        name = file.relative_to(PROJECT) if file.is_relative_to(PROJECT) else file.name
        print(f"{name}: {_in_words(answer)}", flush=True)
        for line in answer.vulnerabilities:
            print(f"  {line}", flush=True)
    if VULNERABLE in codes:
        return VULNERABLE
    return max(codes, default=NOT_ASKED)


def ask(file: Path, arguments: Sequence[str]) -> Answer:
    """Have pip-audit look up what a file with hashes locks."""
    command = [sys.executable, "-m", "pip_audit", "--require-hashes", "--disable-pip"]
    options = ["--progress-spinner", "off", "--format", "json", "--requirement", str(file)]
    finished = subprocess.run(
        [*command, *options, *arguments], capture_output=True, text=True, check=False
    )
    try:
        found = json.loads(finished.stdout)["dependencies"]
    except (ValueError, LookupError, TypeError):
        last = (finished.stderr.strip().splitlines() or ["pip-audit says nothing"])[-1]
        return Answer(0, (), (last[:300],))
    return Answer(
        len(found),
        tuple(_described(each, problem) for each in found for problem in each.get("vulns", ())),
        tuple(each["skip_reason"] for each in found if "skip_reason" in each),
    )


def _described(package: dict, problem: dict) -> str:
    fixed = ", ".join(problem.get("fix_versions") or ()) or "no version"
    return f"{package['name']} {package['version']}: {problem['id']}, fixed in {fixed}"


def _in_words(answer: Answer) -> str:
    if not answer.packages:
        return f"NOT AUDITED, nobody could be asked: {answer.unknown[0]}"
    words = f"{answer.packages} packages, {len(answer.vulnerabilities)} known vulnerabilities"
    if answer.unknown:
        words += f"; NOT AUDITED: {len(answer.unknown)} of them, such as: {answer.unknown[0]}"
    return words


if __name__ == "__main__":
    sys.exit(main([PROJECT / name for name in LOCKED], sys.argv[1:]))
