"""How a status looks: a word, an icon and a colour, so that none of them has to say it alone."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Look:
    """`icon` is a Material icon, `colour` a name of Quasar's palette, set in `layout`."""

    text: str
    icon: str
    colour: str


_LOOKS = {
    # executions, https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html
    "RUNNING": Look("Running", "autorenew", "running"),
    "PENDING_REDRIVE": Look("Redriving", "replay", "running"),
    "SUCCEEDED": Look("Succeeded", "check_circle", "positive"),
    "FAILED": Look("Failed", "error", "negative"),
    "TIMED_OUT": Look("Timed out", "timer_off", "negative"),
    "ABORTED": Look("Stopped", "stop_circle", "muted"),
    # states, as operations.executions.view reads them
    "running": Look("Running", "autorenew", "running"),
    "succeeded": Look("Succeeded", "check_circle", "positive"),
    "failed": Look("Failed", "error", "negative"),
    "aborted": Look("Stopped", "stop_circle", "muted"),
    "waiting": Look("Not entered", "radio_button_unchecked", "muted"),
    # decisions of the gate
    "register": Look("Registered", "verified", "positive"),
    "keep_champion": Look("Champion kept", "shield", "warning"),
    "reject": Look("Rejected", "block", "negative"),
    "reproduced": Look("Reproduced", "content_copy", "positive"),
    "differs": Look("Differs", "difference", "negative"),
    "superseded": Look("Superseded", "update", "muted"),
    # model versions
    "Approved": Look("Approved", "verified", "positive"),
    "Rejected": Look("Rejected", "block", "negative"),
    "PendingManualApproval": Look("Waits for approval", "hourglass_empty", "warning"),
}


def look(status: str) -> Look:
    """The looks of a status; one that nobody knows is shown as it is."""
    return _LOOKS.get(status) or Look(status, "help_outline", "muted")
