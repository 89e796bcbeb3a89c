"""What still works in a stage: it is ended, and waited for, before what it needs is deleted.

StopExecution has Step Functions stop the job of the execution later, as well as it can and with the
role of the state machine; a job that is stopped goes on for some time, with its own role:
https://docs.aws.amazon.com/step-functions/latest/dg/sagemaker-iam.html
A job that outlives its roles runs on and costs money, and can upload nothing.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from state_machine.errors import DeploymentError
from state_machine.names import TASKS

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

UNDER_WAY = ("InProgress", "Stopping")
# SageMaker gives a job 120 s to end, and then uploads what there is:
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_StopTrainingJob.html
LONGEST_WAIT_SECONDS = 1800.0
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 15.0

Pause = Callable[[float], None]


def wait_until_none(left: Callable[[], Collection[str]], what: str, pause: Pause) -> None:
    """Return as soon as nothing is `left()`; `what` says in an error what it was.

    Raises:
        DeploymentError: something is left after half an hour.
    """
    waited, seconds = 0.0, FIRST_PAUSE_SECONDS
    while names := left():
        if waited >= LONGEST_WAIT_SECONDS:
            raise DeploymentError(
                f"{what} after {waited / 60:.0f} minutes: {', '.join(sorted(names))}; nothing that "
                "they need was deleted; see what they wait for, and try again"
            )
        pause(seconds)
        waited, seconds = waited + seconds, min(seconds * 2, LONGEST_PAUSE_SECONDS)


@dataclass(frozen=True)
class Jobs:
    """The jobs of a stage that are under way: those that have one of its roles."""

    sagemaker: "SageMakerClient"
    role_arns: Collection[str]
    pause: Pause

    def end(self) -> None:
        """Stop them, and wait until they have ended.

        Raises:
            DeploymentError: a job has not ended after half an hour.
        """
        wait_until_none(self._stop_all, "jobs have not ended", self.pause)

    def _stop_all(self) -> list[str]:
        """Return the names of those that are still under way, and see that each is stopping."""
        found = list(self._under_way())
        for kind, name, status in found:
            if status == "InProgress":
                self._stop(kind, name)
        return [name for _, name, _ in found]

    def _under_way(self) -> Iterator[tuple[str, str, str]]:
        """Yield kind, name and status of each."""
        for kind in TASKS:
            listing = self.sagemaker.get_paginator(f"list_{kind.lower()}_jobs")  # type: ignore[call-overload]
            for status in UNDER_WAY:
                for page in listing.paginate(StatusEquals=status):
                    for summary in page[f"{kind}JobSummaries"]:
                        name = summary[f"{kind}JobName"]
                        if self._describe(kind, name).get("RoleArn") in self.role_arns:
                            yield kind, name, status

    def _describe(self, kind: str, name: str) -> Any:
        describe = getattr(self.sagemaker, f"describe_{kind.lower()}_job")
        return describe(**{f"{kind}JobName": name})

    def _stop(self, kind: str, name: str) -> None:
        try:
            getattr(self.sagemaker, f"stop_{kind.lower()}_job")(**{f"{kind}JobName": name})
        except ClientError as error:
            # It has ended since it was listed.
            if error.response["Error"]["Code"] != "ValidationException":
                raise
