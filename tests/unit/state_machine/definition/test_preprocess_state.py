"""The state that preprocesses: its data, for one instance and for several."""

from typing import Any

import pytest

from state_machine.config import PipelineConfig
from state_machine.definition import workflow
from state_machine.definition.deployed import Deployed
from tests.unit.state_machine.rendering import STATE, fill_in

DATA = STATE["dataset"]["s3_uri"]
FOLDER = "/opt/ml/processing/source_data"


def inputs(pipeline: PipelineConfig, deployed: Deployed, instance_count: int) -> dict[str, Any]:
    """Return, by the folder of each input of the job, where it comes from and who gets it."""
    update = {"instance_count": instance_count}
    preprocessing = pipeline.preprocessing.model_copy(update=update)
    machine = workflow.as_dict(
        pipeline.model_copy(update={"preprocessing": preprocessing}), deployed
    )
    request = fill_in(machine["States"]["Preprocess"]["Parameters"])
    found = [each["S3Input"] for each in request["ProcessingInputs"]]
    assert len({each["InputName"] for each in request["ProcessingInputs"]}) == len(found)
    return {each["LocalPath"]: (each["S3Uri"], each["S3DataDistributionType"]) for each in found}


def test_one_instance_gets_the_runs_copy(pipeline: PipelineConfig, deployed: Deployed) -> None:
    found = inputs(pipeline, deployed, 1)
    assert found.pop("/opt/ml/processing/input/code")
    assert found == {FOLDER: (DATA, "FullyReplicated")}


@pytest.mark.parametrize("count", [2, 20])
def test_several_instances_share_the_images_and_all_get_the_rest(
    pipeline: PipelineConfig, deployed: Deployed, count: int
) -> None:
    found = inputs(pipeline, deployed, count)
    assert found.pop("/opt/ml/processing/input/code")[1] == "FullyReplicated"
    assert found == {
        f"{FOLDER}/sharded": (f"{DATA}sharded/", "ShardedByS3Key"),
        f"{FOLDER}/replicated": (f"{DATA}replicated/", "FullyReplicated"),
    }
