"""Which of AWS's images a job and a registered model get."""

from typing import Any

import pytest

from lambdas.runs import instances
from state_machine import images
from state_machine.config import PipelineConfig
from state_machine.errors import ConfigError

REGION = "eu-central-1"


@pytest.mark.parametrize(
    ("instance_type", "found"),
    [
        ("ml.m5.xlarge", "2.19-cpu-py312"),
        ("ml.c7i-flex.large", "2.19-cpu-py312"),
        ("ml.g5.xlarge", "2.19-gpu-py312"),
        ("ml.p4d.24xlarge", "2.19-gpu-py312"),
    ],
)
def test_a_jobs_image_follows_from_its_instance_type(
    pipeline: PipelineConfig, instance_type: str, found: str
) -> None:
    image = images.training_image(pipeline.training, REGION, instance_type)

    assert image.endswith(f"/tensorflow-training:{found}")
    assert images.job_images(pipeline.training, REGION)[instances.of_job(instance_type)] == image


@pytest.mark.parametrize(
    ("instance_types", "found"),
    [(["ml.m5.large", "ml.c5.large"], "2.19-cpu"), (["ml.g5.xlarge"], "2.19-gpu")],
)
def test_a_models_image_follows_from_the_types_of_its_endpoints(
    pipeline: PipelineConfig, instance_types: list[str], found: str
) -> None:
    image = images.serving_image(pipeline.training, REGION, instance_types)

    assert image.endswith(f"/tensorflow-inference:{found}")


@pytest.mark.parametrize("family", ["m6g", "c6gn", "c7g", "r7gd", "m8g"])
def test_graviton_serves_older_versions_only(pipeline: PipelineConfig, family: str) -> None:
    """The newest that the SDK knows is 2.16: docs/deploy.md says so."""
    types = [f"ml.{family}.large"]
    older = pipeline.training.model_copy(update={"framework_version": "2.16"})

    assert "/tensorflow-inference-graviton:2.16-cpu" in images.serving_image(older, REGION, types)
    with pytest.raises(ConfigError, match=r"inference_graviton on .*expected one such as .*2\.16"):
        images.serving_image(pipeline.training, REGION, types)


@pytest.mark.parametrize(
    ("changes", "region", "said"),
    [
        ({"framework_version": "9.9"}, REGION, "TensorFlow 9.9 .*expected one such as .*2.19"),
        ({"py_version": "py39"}, REGION, "Unsupported Python version: py39, expected .*py312"),
        ({}, "mars-north-1", "in mars-north-1: Unsupported region"),
    ],
)
def test_an_image_that_there_is_not_is_named(
    pipeline: PipelineConfig, changes: dict[str, Any], region: str, said: str
) -> None:
    training = pipeline.training.model_copy(update=changes)

    with pytest.raises(ConfigError, match=said):
        images.job_images(training, region)


DIGEST = f"sha256:{'0a' * 32}"


def test_all_repositories_of_a_stage_are_named_once(pipeline: PipelineConfig) -> None:
    found = images.repository_arns(pipeline, REGION, "aws")

    registry = f"arn:aws:ecr:{REGION}:763104351884:repository"
    assert found == [f"{registry}/tensorflow-inference", f"{registry}/tensorflow-training"]


@pytest.mark.parametrize("reference", [":7", f"@{DIGEST}", f":7@{DIGEST}", ""])
def test_the_repository_of_an_image_of_ones_own(reference: str) -> None:
    image = f"123456789012.dkr.ecr.{REGION}.amazonaws.com/team/own{reference}"

    found = images.repository_arn(image, "aws")

    assert found == f"arn:aws:ecr:{REGION}:123456789012:repository/team/own"


def test_an_image_that_is_not_in_ecr_is_refused() -> None:
    with pytest.raises(ConfigError, match="found no repository of Amazon ECR, expected ACCOUNT"):
        images.repository_arn("docker.io/library/python:3.12", "aws")
