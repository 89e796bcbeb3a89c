"""Experiments and trials through boto3, and the jobs that belong to them."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.client import EmbeddedAws
from tests.functional.sagemaker_requests import Account, training, unique


@pytest.fixture
def account(embedded_aws: EmbeddedAws) -> Account:
    return Account(embedded_aws)


@pytest.fixture
def trial(account: Account) -> dict[str, str]:
    """The ExperimentConfig of a job, with its experiment and trial created."""
    names = {"ExperimentName": unique("experiment"), "TrialName": unique("trial")}
    account.sagemaker.create_experiment(ExperimentName=names["ExperimentName"])
    account.sagemaker.create_trial(**names)
    return names | {"TrialComponentDisplayName": "train"}


def test_a_name_is_taken_once(account: Account, trial: dict[str, str]) -> None:
    experiment = {"ExperimentName": trial["ExperimentName"]}
    for create, names in (
        (account.sagemaker.create_experiment, experiment),
        (account.sagemaker.create_trial, experiment | {"TrialName": trial["TrialName"]}),
    ):
        with pytest.raises(ClientError, match="already exists") as refused:
            create(**names)
        assert refused.value.response["Error"]["Code"] == "ValidationException"


def test_a_trial_needs_its_experiment(account: Account) -> None:
    with pytest.raises(account.sagemaker.exceptions.ResourceNotFound):
        account.sagemaker.create_trial(TrialName=unique("trial"), ExperimentName="nowhere")


@pytest.fixture(params=["training", "processing"])
def job(account: Account, request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Creates a job of one kind with an ExperimentConfig; returns its description."""

    def create(config: dict[str, str]) -> Any:
        name = unique("job")
        if request.param == "training":
            body = training(name, account.uri("out"), "true", ExperimentConfig=config)
            account.sagemaker.create_training_job(**body)
            return account.ended_training(name)
        body = account.processing(name, "true", ExperimentConfig=config)
        account.sagemaker.create_processing_job(**body)
        return account.ended_processing(name)

    return create


def test_a_job_becomes_a_component_of_its_trial(
    account: Account, trial: dict[str, str], job: Callable[..., Any]
) -> None:
    described = job(trial)
    assert described["ExperimentConfig"] == trial
    listed = account.sagemaker.list_trial_components(TrialName=trial["TrialName"])
    (component,) = listed["TrialComponentSummaries"]
    name = described.get("TrainingJobName") or described.get("ProcessingJobName")
    assert component["TrialComponentName"].startswith(f"{name}-aws-")


@pytest.mark.parametrize("unknown", ["ExperimentName", "TrialName"])
def test_a_job_of_an_unknown_trial_is_refused(
    account: Account, trial: dict[str, str], job: Callable[..., Any], unknown: str
) -> None:
    with pytest.raises(account.sagemaker.exceptions.ResourceNotFound, match="nowhere"):
        job(trial | {unknown: "nowhere"})


def test_an_empty_configuration_is_none(job: Callable[..., Any]) -> None:
    described = job({})
    assert "Completed" in (described.get("TrainingJobStatus"), described.get("ProcessingJobStatus"))
