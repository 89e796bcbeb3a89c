"""Waiting until what was just made or changed is known everywhere.

IAM is eventually consistent: a service may refuse a new role, or one whose policy is new, for some
seconds, and IAM itself may answer with what was. So may Step Functions.
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html
https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeStateMachine.html
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

from botocore.exceptions import ClientError
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential

from state_machine.deployment.resource import Action, Step

# Over 2 + 4 + 8 + 16 + 30 + 30 + 30 seconds: two minutes. AWS names no bound; Terraform's provider
# waits as long, we believe.
ATTEMPTS, LONGEST_PAUSE_SECONDS = 8, 30
FIRST_PAUSE_SECONDS, LONGEST_WAIT_SECONDS = 1.0, 120.0
# Step Functions and Lambda refuse a role that they may not assume, or that lacks a right, so.
REFUSED_ROLE = ("AccessDeniedException", "InvalidParameterValueException")

Result = TypeVar("Result")


def until_known(call: Callable[[], Result], pause: Callable[[float], None]) -> Result:
    """Return what `call` returns; try again, after `pause(seconds)`, while AWS refuses the role.

    Raises what AWS said last. A refusal of the caller's own rights is raised at once.
    """
    patiently = Retrying(
        retry=retry_if_exception(_refuses_the_role),
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_exponential(multiplier=2, max=LONGEST_PAUSE_SECONDS),
        sleep=pause,
        reraise=True,
    )
    return patiently(call)


def until_done(
    steps: Iterable[Step], progress: Callable[[Step], None], pause: Callable[[float], None]
) -> list[Step]:
    """Wait until AWS shows and does what the steps were to do, for two minutes at most.

    Whoever looks next, or uploads, then finds it. Returns what is not done yet, as steps of
    waiting, of which `progress` is told meanwhile too.
    """
    waited, seconds, left = 0.0, FIRST_PAUSE_SECONDS, _undone(steps)
    while left and waited < LONGEST_WAIT_SECONDS:
        _, wait = left[0]
        progress(wait)
        pause(seconds)
        waited, seconds = waited + seconds, min(seconds * 2, LONGEST_PAUSE_SECONDS)
        left = _undone(step for step, _ in left)
    return [wait for _, wait in left]


def _undone(steps: Iterable[Step]) -> list[tuple[Step, Step]]:
    """Return each step that is not done yet, with the one that waits for it."""
    missing = [(step, step.missing()) for step in steps]
    return [(step, Step(step.resource, Action.WAIT, names)) for step, names in missing if names]


def _refuses_the_role(error: BaseException) -> bool:
    if not isinstance(error, ClientError):
        return False
    found = error.response["Error"]
    about_the_caller = found["Message"].startswith("User: ")
    return found["Code"] in REFUSED_ROLE and not about_the_caller
