"""What can be done to an execution now, and why the rest cannot."""

from dataclasses import dataclass

from console.account import READ_ONLY
from console.executions.reader import Snapshot
from lambdas.gate.verdicts import REJECTED_ERROR


@dataclass(frozen=True)
class Offers:
    """For each action why it makes no sense now; empty where it does."""

    stop: str
    redrive: str
    again: str


def offers(found: Snapshot, *, read_only: bool) -> Offers:
    """Say what makes sense of an execution."""
    if read_only:
        return Offers(READ_ONLY, READ_ONLY, READ_ONLY)
    if not found.view.ended:
        return Offers("", "It is running", "It is running: stop it first, or wait for its end")
    return Offers("It has ended", _redrive(found), "")


def _redrive(found: Snapshot) -> str:
    if found.view.status == "SUCCEEDED":
        return "It succeeded: there is nothing to resume"
    if found.view.error == REJECTED_ERROR:
        return "The gate rejected the model: that is final, and could only be repeated"
    return found.redrive_refused
