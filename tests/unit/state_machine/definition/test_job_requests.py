"""What the jobs' requests take from the run: instances, images, keys; and what it costs."""

from typing import Any

import pytest

from lambdas.reuse.keys import VARIABLE
from state_machine.config import PipelineConfig
from state_machine.definition import workflow
from state_machine.definition.deployed import Deployed
from state_machine.errors import ConfigError
from tests.unit.state_machine.definition.test_workflow import problems
from tests.unit.state_machine.rendering import fill_in


@pytest.fixture(scope="module")
def machine(pipeline: PipelineConfig, deployed: Deployed) -> dict[str, Any]:
    return workflow.as_dict(pipeline, deployed)


def test_a_training_keeps_its_instances_and_streams_its_data_if_asked(
    pipeline: PipelineConfig, deployed: Deployed, machine: dict[str, Any]
) -> None:
    asked = {"keep_alive_seconds": 600, "input_mode": "FastFile"}
    training = pipeline.training.model_copy(update=asked)
    changed = workflow.as_dict(pipeline.model_copy(update={"training": training}), deployed)

    request = fill_in(changed["States"]["Train"]["Parameters"])
    assert request["ResourceConfig"]["KeepAlivePeriodInSeconds"] == 600
    assert request["AlgorithmSpecification"]["TrainingInputMode"] == "FastFile"
    assert problems("Train", request) == []
    before = fill_in(machine["States"]["Train"]["Parameters"])
    assert "KeepAlivePeriodInSeconds" not in before["ResourceConfig"]
    assert before["AlgorithmSpecification"]["TrainingInputMode"] == "File"


def test_instance_types_and_images_are_the_runs(machine: dict[str, Any]) -> None:
    requests = {
        state: fill_in(machine["States"][state]["Parameters"])
        for state in ("Preprocess", "Train", "Evaluate")
    }

    train = requests["Train"]
    assert train["ResourceConfig"]["InstanceType"] == "ml.g5.xlarge"
    assert train["AlgorithmSpecification"]["TrainingImage"] == "gpu-image"
    for state, expected in (("Preprocess", "ml.m5.xlarge"), ("Evaluate", "ml.c5.xlarge")):
        cluster = requests[state]["ProcessingResources"]["ClusterConfig"]
        assert cluster["InstanceType"] == expected
        assert requests[state]["AppSpecification"]["ImageUri"] == "cpu-image"


def test_the_deployed_types_and_both_images_are_the_runs_choice(machine: dict[str, Any]) -> None:
    defaults = machine["States"]["PrepareRun"]["Parameters"]["Payload"]["defaults"]

    assert defaults["instance_types"] == {
        "preprocessing": "ml.m5.xlarge",
        "training": "ml.m5.2xlarge",
        "evaluation": "ml.m5.xlarge",
    }
    assert defaults["images"]["cpu"].endswith("tensorflow-training:2.19-cpu-py312")
    assert defaults["images"]["gpu"].endswith("tensorflow-training:2.19-gpu-py312")
    assert defaults["images"]["serving"].endswith("tensorflow-inference:2.19-cpu")


def test_the_registered_image_is_the_runs(machine: dict[str, Any]) -> None:
    """So it has a digest, whatever its tag names when the model is deployed."""
    request = fill_in(machine["States"]["RegisterModel"]["Parameters"])

    (container,) = request["InferenceSpecification"]["Containers"]
    assert container["Image"] == "serving-image"


def test_a_jobs_cost_is_of_what_it_ran_on(machine: dict[str, Any]) -> None:
    states = machine["States"]

    assert states["Train"]["ResultSelector"]["instance_type.$"] == "$.ResourceConfig.InstanceType"
    for state in ("Preprocess", "Evaluate"):
        told = states[state]["ResultSelector"]
        assert told["instance_type.$"] == "$.ProcessingResources.ClusterConfig.InstanceType"


def test_a_training_allocates_huge_pages(machine: dict[str, Any]) -> None:
    request = fill_in(machine["States"]["Train"]["Parameters"])
    assert request["Environment"]["GLIBC_TUNABLES"] == "glibc.malloc.hugetlb=1"


def test_a_result_that_may_be_reused_tells_its_key(machine: dict[str, Any]) -> None:
    for state, key in (("Preprocess", "1" * 64), ("Train", "2" * 64)):
        request = fill_in(machine["States"][state]["Parameters"])
        assert request["Environment"][VARIABLE] == key
    assert "Environment" not in machine["States"]["Evaluate"]["Parameters"]


@pytest.mark.parametrize("section", ["preprocessing", "training", "evaluation"])
def test_a_type_that_tensorflow_has_no_image_for_is_named(
    pipeline: PipelineConfig, deployed: Deployed, section: str
) -> None:
    job = getattr(pipeline, section).model_copy(update={"instance_type": "ml.p2.xlarge"})
    with pytest.raises(ConfigError, match=r"no image .* on ml\.p2\.xlarge .*P2 instances"):
        workflow.as_dict(pipeline.model_copy(update={section: job}), deployed)
