"""What the Evaluate state tells the evaluation of the gate."""

import re
from typing import Any

from state_machine import definition
from state_machine.config import PipelineConfig
from state_machine.deployed import Deployed


def test_the_intervals_are_of_the_level_that_the_gate_asks_for(
    pipeline: PipelineConfig, deployed: Deployed
) -> None:
    gate = pipeline.gate.model_copy(update={"confidence_level": 0.875})
    config = pipeline.model_copy(update={"gate": gate})

    states: dict[str, Any] = definition.as_dict(config, deployed)["States"]

    specification = states["Evaluate"]["Parameters"]["AppSpecification"]
    arguments = re.findall(r"'([^']*)'", specification["ContainerArguments.$"])
    assert arguments == ["evaluation.py", "--confidence-level", "0.875"]
    payload = states["CheckMetrics"]["Parameters"]["Payload"]
    assert payload["gate"]["confidence_level"] == 0.875
