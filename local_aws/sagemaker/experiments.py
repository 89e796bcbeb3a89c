"""SageMaker's experiments, where moto's differ from AWS's: unique names, and jobs' components."""

from typing import Any

from moto.sagemaker.exceptions import AWSValidationException, ResourceNotFound
from moto.sagemaker.models import SageMakerModelBackend

from local_aws.sagemaker.job import Job
from local_aws.wrapping import Original, wrap


def install() -> None:
    """Correct moto's creation of experiments and trials."""
    wrap(SageMakerModelBackend, "create_experiment", _create_experiment)
    wrap(SageMakerModelBackend, "create_trial", _create_trial)


def check(config: dict[str, str], backend: SageMakerModelBackend) -> None:
    """Refuse an ExperimentConfig whose experiment or trial does not exist, as AWS does.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ExperimentConfig.html
    """
    for kind, known in (("Experiment", backend.experiments), ("Trial", backend.trials)):
        name = config.get(f"{kind}Name")
        if name is not None and name not in known:
            raise ResourceNotFound(message=f"{kind} '{name}' does not exist.")


def record(job: Job, config: dict[str, str], backend: SageMakerModelBackend) -> None:
    """Make the job a component of the trial that its ExperimentConfig names."""
    if "TrialName" not in config:
        return
    component = f"{job.name}-aws-{job.arn_type}"
    backend.create_trial_component(
        trial_component_name=component,
        trial_name=config["TrialName"],
        status={"PrimaryStatus": "InProgress"},
        start_time=None,
        end_time=None,
        display_name=config.get("TrialComponentDisplayName"),
        parameters=None,
        input_artifacts=None,
        output_artifacts=None,
        metadata_properties=None,
    )
    backend.associate_trial_component(config["TrialName"], component)


def _create_experiment(
    original: Original, self: SageMakerModelBackend, experiment_name: str
) -> dict[str, str]:
    """AWS refuses the name of an experiment that exists; moto would replace the experiment."""
    _refuse_taken("Experiment", experiment_name, self.experiments)
    return original(self, experiment_name)


def _create_trial(
    original: Original, self: SageMakerModelBackend, trial_name: str, experiment_name: str
) -> dict[str, str]:
    """AWS refuses a name that is taken, and an experiment that does not exist; moto takes both."""
    check({"ExperimentName": experiment_name}, self)
    _refuse_taken("Trial", trial_name, self.trials)
    return original(self, trial_name, experiment_name)


def _refuse_taken(kind: str, name: str, known: dict[str, Any]) -> None:
    if name in known:
        raise AWSValidationException(
            f"{kind} names must be unique within an AWS account and region. "
            f"{kind} with name ({name}) already exists."
        )
