"""Waiting until a role that was just made or changed is known everywhere.

IAM is eventually consistent: a service may refuse a new role, or one whose policy is new, for some
seconds. https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html
"""

from collections.abc import Callable
from typing import TypeVar

from botocore.exceptions import ClientError
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential

# Over 2 + 4 + 8 + 16 + 30 + 30 + 30 seconds: two minutes. AWS names no bound; Terraform's provider
# waits as long, we believe.
ATTEMPTS, LONGEST_PAUSE_SECONDS = 8, 30
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


def _refuses_the_role(error: BaseException) -> bool:
    if not isinstance(error, ClientError):
        return False
    found = error.response["Error"]
    about_the_caller = found["Message"].startswith("User: ")
    return found["Code"] in REFUSED_ROLE and not about_the_caller
