"""What Search looks through: the account's resources, as descriptions by botocore's model.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_SearchRecord.html
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from moto.sagemaker.models import SageMakerModelBackend

from local_aws.sagemaker.job import Job

Record = dict[str, Any]


class Kind(NamedTuple):
    """A resource that can be searched for: its name in the answer, and all that there are."""

    title: str
    records: Callable[[SageMakerModelBackend], Iterable[Record]]


def _jobs(backend: SageMakerModelBackend) -> Iterable[Record]:
    jobs: Iterable[Any] = list(backend.training_jobs.values())
    return [{**job.describe(), "Tags": job.tags} for job in jobs if isinstance(job, Job)]


def _experiments(backend: SageMakerModelBackend) -> Iterable[Record]:
    return _described("Experiment", backend.experiments)


def _trials(backend: SageMakerModelBackend) -> Iterable[Record]:
    return _described("Trial", backend.trials)


def _components(backend: SageMakerModelBackend) -> Iterable[Record]:
    parents: dict[str, list[dict[str, str]]] = {}
    for trial in list(backend.trials.values()):
        parent = {"TrialName": trial.trial_name, "ExperimentName": trial.experiment_name}
        for name in trial.trial_components:
            parents.setdefault(name, []).append(parent)
    for record in _described("TrialComponent", backend.trial_components):
        yield {**record, "Parents": parents.get(record["TrialComponentName"])}


def _packages(backend: SageMakerModelBackend) -> Iterable[Record]:
    return _described("ModelPackage", backend.model_packages)


def _groups(backend: SageMakerModelBackend) -> Iterable[Record]:
    return _described("ModelPackageGroup", backend.model_package_groups)


def _none(_: SageMakerModelBackend) -> Iterable[Record]:
    return ()


# Those of which there are none cannot be made here.
KINDS = {
    "TrainingJob": Kind("TrainingJob", _jobs),
    "Experiment": Kind("Experiment", _experiments),
    "ExperimentTrial": Kind("Trial", _trials),
    "ExperimentTrialComponent": Kind("TrialComponent", _components),
    "ModelPackage": Kind("ModelPackage", _packages),
    "ModelPackageGroup": Kind("ModelPackageGroup", _groups),
    **{
        name: Kind(name, _none)
        for name in (
            *("Endpoint", "FeatureGroup", "HyperParameterTuningJob", "Pipeline"),
            *("PipelineExecution", "Project"),
        )
    },
}


def _described(title: str, resources: Mapping[str, Any]) -> Iterable[Record]:
    """Return moto's descriptions with the ARN under the name that AWS has, and with the tags."""
    for resource in list(resources.values()):
        described = {
            **resource.response_object,
            f"{title}Arn": resource.arn,
            "Tags": resource.tags or None,
        }
        yield {name: value for name, value in described.items() if value is not None}
