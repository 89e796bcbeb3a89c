"""What a check of `retrain doctor` found, and the line that says it."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum

from botocore.exceptions import BotoCoreError, ClientError

# By these names AWS's services say that a call is not allowed.
_DENIED = {
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "UnauthorizedOperation",
    "403",
}


class Level(StrEnum):
    """How bad it is: a problem keeps a deployment or a run from working, a warning may."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Finding:
    """What was looked at, what was found, and what to do about it; nothing to do if it is ok."""

    name: str
    level: Level
    found: str
    next_step: str = ""

    def as_json(self) -> dict[str, str]:
        """The finding for programs."""
        return asdict(self)


def ok(name: str, found: str) -> Finding:
    """A finding that is as it should be."""
    return Finding(name, Level.OK, found)


def warning(name: str, found: str, next_step: str) -> Finding:
    """A finding that may become a problem, or something that could not be looked at."""
    return Finding(name, Level.WARNING, found, next_step)


def problem(name: str, found: str, next_step: str) -> Finding:
    """A finding that keeps a deployment or a run from working."""
    return Finding(name, Level.PROBLEM, found, next_step)


def not_asked(name: str, error: Exception, permissions: str) -> Finding:
    """The warning of a check that AWS did not answer; `permissions` are what it needs."""
    if isinstance(error, ClientError):
        answer = error.response.get("Error", {})
        code = answer.get("Code", "?")
        if code in _DENIED:
            found = f"these credentials may not ask: {code}"
            return warning(name, found, f"allow {permissions}, or look it up in the console")
        found = f"AWS answered {error.operation_name} with {code}: {answer.get('Message', '')}"
    elif isinstance(error, BotoCoreError):
        found = f"could not be asked: {error}"
    else:
        found = f"the check itself failed: {type(error).__name__}: {error}"
    return warning(name, found, "try again, or look it up in the console")


def has_problems(findings: Iterable[Finding]) -> bool:
    """Whether there is a problem among the findings."""
    return any(finding.level is Level.PROBLEM for finding in findings)


def summary(findings: list[Finding]) -> str:
    """How many there are of what, in words."""
    counts = {level: sum(f.level is level for f in findings) for level in Level}
    return ", ".join(
        f"{counts[level]} {words if counts[level] != 1 else words.removesuffix('s')}"
        for level, words in (
            (Level.PROBLEM, "problems"),
            (Level.WARNING, "warnings"),
        )
    )
