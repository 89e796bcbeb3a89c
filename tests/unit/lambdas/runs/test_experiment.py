"""The trial of a run in SageMaker's experiments."""

import pytest
from botocore.exceptions import ClientError

from lambdas.runs.experiment import ensure_trial
from tests.fakes.sagemaker import FakeSageMaker


def test_every_job_belongs_to_the_runs_trial():
    sagemaker = FakeSageMaker()
    configs = ensure_trial(sagemaker, "retrain-dev", "digits-1")
    assert sagemaker.experiments == {"retrain-dev": ["retrain-dev-digits-1"]}
    assert configs["train"] == {
        "ExperimentName": "retrain-dev",
        "TrialName": "retrain-dev-digits-1",
        "TrialComponentDisplayName": "train",
    }
    assert configs.keys() == {"preprocess", "train", "evaluate"}


def test_repeating_it_changes_nothing():
    sagemaker = FakeSageMaker()
    first = ensure_trial(sagemaker, "retrain-dev", "digits-1")
    assert ensure_trial(sagemaker, "retrain-dev", "digits-1") == first
    assert sagemaker.experiments == {"retrain-dev": ["retrain-dev-digits-1"]}


def test_both_have_the_tags_of_the_account():
    sagemaker = FakeSageMaker()
    tags = [{"Key": "team", "Value": "ml"}]
    ensure_trial(sagemaker, "retrain-dev", "digits-1", tags)
    assert sagemaker.tags == {"retrain-dev": tags, "retrain-dev-digits-1": tags}


@pytest.mark.parametrize("refused", ["CreateExperiment", "CreateTrial"])
@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceLimitExceeded"])
def test_a_run_goes_on_without_where_sagemaker_refuses(refused, code):
    sagemaker = FakeSageMaker()
    sagemaker.refuse(refused, code, 400)
    configs = ensure_trial(sagemaker, "retrain-dev", "digits-1")
    assert configs == {"preprocess": {}, "train": {}, "evaluate": {}}


def test_throttling_is_for_the_state_machine_to_retry():
    sagemaker = FakeSageMaker()
    sagemaker.refuse("CreateTrial", "ThrottlingException", 400)
    with pytest.raises(ClientError, match="Throttling"):
        ensure_trial(sagemaker, "retrain-dev", "digits-1")
