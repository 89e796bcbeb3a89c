"""Instance types, images and the cost of a run."""

from typing import Any

import pytest

from lambdas.report import cost
from lambdas.runs import instances
from operations.doctor.findings import Level
from operations.doctor.run import images, instance_types, most_expensive_run
from state_machine.config import PipelineConfig, load
from tests.support.paths import PROJECT


@pytest.fixture
def config() -> PipelineConfig:
    return load(PROJECT / "pipeline.toml")


def with_training(config: PipelineConfig, **values: Any) -> PipelineConfig:
    return config.model_copy(update={"training": config.training.model_copy(update=values)})


def test_instance_types_are_shown(config: PipelineConfig) -> None:
    finding = instance_types(config)
    assert finding.level is Level.OK
    assert "training 1 x ml.m5.2xlarge" in finding.found


def test_every_type_with_a_price_is_known() -> None:
    for prices in cost.table()["region_prices"].values():
        for name, kinds in prices.items():
            for kind in kinds:
                assert name in instances.known(kind)


def test_images_are_named(config: PipelineConfig) -> None:
    (finding,) = images(config, "us-east-1")
    assert finding.level is Level.OK
    assert "tensorflow-training:2.19-cpu-py312" in finding.found


@pytest.mark.parametrize(
    ("changes", "region", "problem"),
    [
        ({"framework_version": "9.9"}, "us-east-1", "Unsupported tensorflow version: 9.9"),
        ({"py_version": "py27"}, "us-east-1", "Unsupported Python version: py27"),
        ({}, "xx-nowhere-1", "Unsupported region: xx-nowhere-1"),
    ],
)
def test_an_image_that_does_not_exist_is_a_problem(
    config: PipelineConfig, changes: dict[str, str], region: str, problem: str
) -> None:
    (finding,) = images(with_training(config, **changes), region)
    assert finding.level is Level.PROBLEM
    assert problem in finding.found
    assert "framework_version" in finding.next_step


def test_a_run_costs_at_most_its_times_at_its_prices(config: PipelineConfig) -> None:
    finding = most_expensive_run(config, "us-east-1")
    # 1 h of ml.m5.xlarge at 0.23, 4 h of ml.m5.2xlarge at 0.461, 1 h of ml.m5.xlarge
    assert "at most $2.30" in finding.found
    # twice, three times, twice
    assert "$6.45 if each" in finding.found
    assert finding.level is Level.OK


def test_more_instances_cost_more(config: PipelineConfig) -> None:
    finding = most_expensive_run(with_training(config, instance_count=2), "us-east-1")
    assert "at most $4.15" in finding.found


def test_without_a_price_the_cost_is_unknown(config: PipelineConfig) -> None:
    finding = most_expensive_run(config, "eu-north-1")
    assert finding.level is Level.WARNING
    assert "no ml.m5.xlarge (processing) in eu-north-1" in finding.found
    assert "https://aws.amazon.com/sagemaker" in finding.next_step
