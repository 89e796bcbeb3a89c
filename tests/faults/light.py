"""The pipeline as it is, but for the model: class means in place of the CNN, in milliseconds.

Deployed beside the other one, under a name of its own: its own bucket, Lambdas, state machine and
model package group. The first steps are the real ones; `class_means/` are training and evaluation.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from state_machine.config import Code, PipelineConfig
from tests.e2e.pipeline import Pipeline
from tests.functional.sagemaker_requests import unpacked
from tests.support.waiting import eventually

NAME = "light"
NO_FAULT = {"fault": "none"}  # an execution's input may name another: see class_means/evaluation.py
MODEST = {"metric": "accuracy", "op": ">=", "value": 0.5}
_HERE = Path(__file__).parent


def settings(sample: PipelineConfig) -> PipelineConfig:
    """Ten runs at once and no settling, for many executions in a short time."""
    return sample.model_copy(
        update={
            "name": NAME,
            "code": Code(scripts=[*sample.code.scripts, _HERE / "class_means"]),
            "max_concurrent_runs": 10,
            "reuse_unchanged_steps": False,  # most tests are of jobs, on the same few images
            "data": sample.data.model_copy(update={"settle_seconds": 0}),
            "training": sample.training.model_copy(update={"hyperparameters": NO_FAULT}),
            "gate": sample.gate.model_copy(update={"thresholds": [MODEST]}),
            "registry": sample.registry.model_copy(update={"model_package_group": NAME}),
        }
    )


def upload(pipeline: Pipeline, folder: Path, dataset: str) -> str:
    """Upload the folder as a data set; return the ARN of the execution that this starts."""
    for file in sorted(folder.iterdir()):
        pipeline.put(dataset, file)
    (arn,) = eventually(lambda: executions_of(pipeline, dataset))
    return arn


def executions_of(pipeline: Pipeline, dataset: str) -> list[str]:
    """The ARNs of the executions that uploads of the data set started."""
    return [arn for arn in pipeline.executions() if dataset in arn]


def assert_alike(
    pipeline: Pipeline, execution: dict[str, Any], calm: dict[str, Any], registered: list[str]
) -> None:
    """Assert that all artifacts are whole, and one model version more than before is registered."""
    assert execution["status"] == "SUCCEEDED", execution
    found, expected = execution["output"], calm["output"]
    arrays = [pipeline.etags(output["paths"]["preprocessing"]) for output in (found, expected)]
    assert arrays[0] == arrays[1]
    models = [unpacked(_model(pipeline, output)) for output in (found, expected)]
    assert models[0] == models[1]
    for key in ("decision", "metrics"):
        assert found["quality_gate"][key] == expected["quality_gate"][key]
    newly = set(pipeline.model_packages()) - set(registered)
    assert newly == {found["registration"]["model_package_arn"]}


def _model(pipeline: Pipeline, output: dict[str, Any]) -> bytes:
    return pipeline.object(output["training_job"]["model_data_url"])


@contextmanager
def doing_nothing(pipeline: Pipeline) -> Iterator[None]:
    """Let executions that start meanwhile wait for a second and succeed: they are only counted."""
    states, machine = pipeline.states, pipeline.deployment.state_machine_arn
    definition = states.describe_state_machine(stateMachineArn=machine)["definition"]
    nothing = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 1, "End": True}}}
    states.update_state_machine(stateMachineArn=machine, definition=json.dumps(nothing))
    try:
        yield
        running = states.list_executions(stateMachineArn=machine, statusFilter="RUNNING")
        for execution in running["executions"]:
            pipeline.end_of(execution["executionArn"])
    finally:
        states.update_state_machine(stateMachineArn=machine, definition=definition)
