"""What the Evaluate state tells the evaluation of the gate."""

import re
from typing import Any

from state_machine.config import PipelineConfig
from state_machine.definition import workflow
from state_machine.definition.deployed import Deployed


def test_the_intervals_are_of_the_level_that_the_gate_asks_for(
    pipeline: PipelineConfig, deployed: Deployed
) -> None:
    gate = pipeline.gate.model_copy(update={"confidence_level": 0.875})
    config = pipeline.model_copy(update={"gate": gate})

    states: dict[str, Any] = workflow.as_dict(config, deployed)["States"]

    specification = states["Evaluate"]["Parameters"]["AppSpecification"]
    arguments = re.findall(r"'([^']*)'", specification["ContainerArguments.$"])
    assert arguments[:3] == ["evaluation.py", "--confidence-level", "0.875"]
    payload = states["CheckMetrics"]["Parameters"]["Payload"]
    assert payload["gate"]["confidence_level"] == 0.875


def test_the_digests_of_both_models_get_there_by_ways_of_their_own(
    pipeline: PipelineConfig, deployed: Deployed
) -> None:
    state: dict[str, Any] = workflow.as_dict(pipeline, deployed)["States"]["Evaluate"]

    arguments = state["Parameters"]["AppSpecification"]["ContainerArguments.$"]
    assert arguments.endswith(", '--champion-sha256', $.champion.model_sha256)")
    (model,) = (i for i in state["Parameters"]["ProcessingInputs"] if i["InputName"] == "model")
    folder = "States.Format('{}/{}/output', $.paths.training, $.training_job.job_name)"
    assert model["S3Input"]["S3Uri.$"] == folder
