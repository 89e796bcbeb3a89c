"""Managed spot training: which requests it takes, how it counts time, and interruptions on request.

AWS interrupts when it needs the capacity back. Here it has to be asked for, at a route that no AWS
has, beside moto's own:

    curl -u "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \\
        $AWS_ENDPOINT_URL/moto-api/sagemaker/interrupt-training-job \\
        -d TrainingJobName=NAME -d CapacityReturnsAfterSeconds=60

https://docs.aws.amazon.com/sagemaker/latest/dg/model-managed-spot-training.html
"""

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Protocol

from moto.sagemaker.exceptions import AWSValidationException

from local_aws.requests.routes import Answer, add_route, as_json

ROUTE = "/moto-api/sagemaker/interrupt-training-job"


class Interruptible(Protocol):
    """What the route asks of a job."""

    def interrupt(self, capacity_returns_after: float) -> None:
        """Take the job's instance away; give it another after so many seconds."""


class InstanceTime:
    """How long a job has had an instance, over all of its attempts."""

    def __init__(self) -> None:
        self._since: datetime | None = None
        self._past = timedelta()

    def begin(self, when: datetime) -> None:
        """An instance is there."""
        self._since = when

    def end(self, when: datetime) -> None:
        """The instance is gone; without one this does nothing."""
        if self._since is not None:
            self._past += when - self._since
            self._since = None

    def seconds(self) -> float:
        """Return the seconds of the instances that are gone."""
        return self._past.total_seconds()

    def whole_seconds(self) -> int | None:
        """Return the seconds as AWS bills them, each begun one counted; None without instance."""
        return max(1, math.ceil(self.seconds())) if self._past else None


def check(request: dict[str, Any]) -> None:
    """Raise AWSValidationException for a maximum wait that does not fit the request.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_StoppingCondition.html
    """
    condition = request.get("StoppingCondition", {})
    wait, runtime = max_wait(request), condition.get("MaxRuntimeInSeconds", 86400)
    if not request.get("EnableManagedSpotTraining", False):
        if wait is not None:
            raise AWSValidationException(
                "Invalid MaxWaitTimeInSeconds. It can be given only when EnableManagedSpotTraining "
                "is true."
            )
    elif wait is None or wait < runtime:
        raise AWSValidationException(
            "Invalid MaxWaitTimeInSeconds. It must be present and be greater than or equal to "
            "MaxRuntimeInSeconds"
        )


def max_wait(request: dict[str, Any]) -> int | None:
    """Return how many seconds a spot job may take in all, its waiting included."""
    seconds: int | None = request.get("StoppingCondition", {}).get("MaxWaitTimeInSeconds")
    return seconds


def install(find: Callable[[str], Interruptible]) -> None:
    """Serve the route; `find` returns the training job of a name or raises."""

    def interrupt(request: Any) -> Answer:
        try:
            seconds = float(request.form.get("CapacityReturnsAfterSeconds", 0))
            find(request.form["TrainingJobName"]).interrupt(max(0.0, seconds))
        except AWSValidationException as error:
            return as_json({"message": str(error.message)}, HTTPStatus.BAD_REQUEST)
        except (KeyError, ValueError):
            expected = "TrainingJobName and, if wanted, CapacityReturnsAfterSeconds"
            found = f"found {request.form.to_dict()}, expected a POST of the form fields {expected}"
            return as_json({"message": found}, HTTPStatus.BAD_REQUEST)
        return as_json({})

    add_route(ROUTE, interrupt)
