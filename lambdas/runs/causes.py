"""What a person looks for in the Cause of an execution that ended without success."""

import json
import re
import signal

# How a reason says which signal ended a script: the training toolkit gives Python's negative exit
# code, a container's own is a shell's: 128 and the signal.
_TOOLKIT = re.compile(r"\bExitCode -(\d+)")
_CONTAINER = re.compile(r"\bexit code: (\d+)")
_SHELL_BASE = 128
MEMORY = (
    "most likely the memory of the instance was used up: take a larger instance_type, smaller "
    "batches or smaller images"
)
_MEANT = {
    signal.SIGKILL: MEMORY,
    signal.SIGSEGV: f"a library crashed; {MEMORY}",
    signal.SIGBUS: f"a library crashed; {MEMORY}",
    signal.SIGABRT: f"a library gave up; {MEMORY}",
    signal.SIGILL: "a library was built for another processor: take another instance_type",
}


def readable_cause(cause: str) -> str:
    """Return the sentence in a Cause that says what went wrong; the Cause itself if it has none.

    A failed job's Cause is its Describe answer as JSON, a failed Lambda's is its error as JSON.
    A processing job's FailureReason only points at its log: the ExitMessage is its own words. A
    script that a signal ended could say nothing: the signal is named, and what it mostly means.
    """
    found = _sentence(cause)
    ended = _TOOLKIT.search(found) or _CONTAINER.search(found)
    meant = _of_signal(int(ended[1]) % _SHELL_BASE) if ended and _is_of_signal(ended) else ""
    return f"{found} ({meant})" if meant else found


def _is_of_signal(found: re.Match[str]) -> bool:
    return found.re is _TOOLKIT or int(found[1]) > _SHELL_BASE


def _of_signal(number: int) -> str:
    try:
        ended_by = signal.Signals(number)
    except ValueError:
        return ""
    return ": ".join(filter(None, (f"ended by {ended_by.name}", _MEANT.get(ended_by, ""))))


def _sentence(cause: str) -> str:
    try:
        details = json.loads(cause)
    except (ValueError, RecursionError):
        return cause
    if isinstance(details, dict):
        for key in ("ExitMessage", "FailureReason", "errorMessage"):
            if details.get(key):
                return str(details[key])
    return cause
