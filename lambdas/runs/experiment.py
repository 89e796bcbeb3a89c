"""The run in SageMaker's own experiments: one trial, of which each job is a component."""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lambdas.boundary.transient import may_pass

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

log = logging.getLogger(__name__)

STEPS = ("preprocess", "train", "evaluate")


def ensure_trial(
    sagemaker: "SageMakerClient", experiment: str, run_id: str, tags: Sequence[Any] = ()
) -> dict[str, dict[str, str]]:
    """Create the experiment and the run's trial; return the ExperimentConfig of each step's job.

    A trial's name is unique within the account, so the experiment's is part of it. Repeating the
    call is harmless. Where SageMaker refuses for good, the configurations are empty: the jobs run
    without a record. Throttling and service errors are raised. What is created gets ``tags``,
    ``{"Key": ..., "Value": ...}`` each.
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ExperimentConfig.html
    """
    trial = f"{experiment}-{run_id}"
    tagged = {"Tags": list(tags)} if tags else {}
    try:
        _create_experiment(sagemaker, experiment, tagged)
        _create_trial(sagemaker, experiment, trial, tagged)
    except ClientError as error:
        if may_pass(error):
            raise
        log.warning("no experiment", extra={"trial": trial, "error": str(error)})
        return {step: {} for step in STEPS}
    return {
        step: {
            "ExperimentName": experiment,
            "TrialName": trial,
            "TrialComponentDisplayName": step,
        }
        for step in STEPS
    }


def _create_experiment(sagemaker: "SageMakerClient", name: str, tagged: Any) -> None:
    try:
        sagemaker.create_experiment(ExperimentName=name, **tagged)
    except ClientError as error:
        _pass_over_existing(error)


def _create_trial(sagemaker: "SageMakerClient", experiment: str, name: str, tagged: Any) -> None:
    try:
        sagemaker.create_trial(TrialName=name, ExperimentName=experiment, **tagged)
    except ClientError as error:
        _pass_over_existing(error)


def _pass_over_existing(error: ClientError) -> None:
    """There is no error code of its own for a name that is taken; AWS's SDK reads the message."""
    answer = error.response["Error"]
    if answer["Code"] != "ValidationException" or "already exists" not in answer["Message"]:
        raise error
