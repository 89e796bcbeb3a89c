"""Replies that are lost in a run of the pipeline as it is, CNN included."""

import random

import pytest

from tests.faults import figures
from tests.faults.baseline import Baseline
from tests.functional.faults import Faults
from tests.functional.sagemaker_requests import Account


@pytest.mark.parametrize("percent", [0.5, 5])
def test_a_training_whose_calls_lose_their_replies_gives_the_same_model(
    account: Account, baseline: Baseline, faults: Faults, chance: random.Random, percent: float
) -> None:
    pipeline = baseline.pipeline
    lost = {"call": "*/*", "kind": "lost-reply", "rate": percent / 100}
    arn = pipeline.start({})
    faults.set({**lost, "seed": chance.randrange(1000)})

    execution = pipeline.end_of(arn)

    (rule,) = faults.rules()
    faults.clear()
    figures.record(
        f"calls of a run with the CNN that lost their reply, at {percent} %", rule["strikes"]
    )
    assert execution["status"] == "SUCCEEDED", execution
    assert not pipeline.failures(arn)
    output, expected = execution["output"], baseline.execution["output"]
    for job, step in (("preprocessing_job", "preprocess"), ("training_job", "train")):
        assert output[job]["job_name"] == f"{execution['name']}-{step}-0-0"
    training = account.ended_training(output["training_job"]["job_name"])
    assert baseline.weights_of(training) == baseline.weights
    assert output["quality_gate"]["metrics"] == expected["quality_gate"]["metrics"]
