"""Every name of a stage, held against what AWS takes before the first of them is made."""

from pathlib import Path

import pytest

from state_machine import stage_names
from state_machine.config import PipelineConfig
from state_machine.errors import StageNameError
from state_machine.functions.catalogue import LAMBDAS
from state_machine.names import Names
from state_machine.template.package import package

NAMES = Names("retrain", "dev", "123456789012", "us-east-1")


def problems(name: str, stage: str, region: str = "us-east-1", group: str = "g") -> list[str]:
    return stage_names.problems(Names(name, stage, "123456789012", region), group)


@pytest.mark.parametrize(
    "stage", ["Dev", "my_stage", "-dev", "dev-", "dev.1", "", "feature/x", "ü"]
)
def test_a_stage_that_cannot_be_in_a_buckets_name(stage: str) -> None:
    (problem,) = problems("retrain", stage)

    assert repr(stage) in problem
    assert "expected lower-case letters" in problem


def test_the_longest_role_is_what_limits_a_stage_first() -> None:
    """The bucket and the role of the state machine still fit."""
    found = problems("fashion-retrainer-v2", "integration", "ap-southeast-1")

    longest = "fashion-retrainer-v2-integration-announce_approval-ap-southeast-1"
    assert found == [f"role {longest} has 65 characters, AWS allows 64"]


def test_a_bucket_and_functions_that_are_too_long() -> None:
    found = problems("a-pipeline-of-length", "x" * 40)

    kinds = {problem.split(" ")[0] for problem in found}
    assert kinds == {"bucket", "function", "role", "rule"}
    assert any("AWS allows 63: https://docs.aws.amazon.com/AmazonS3/" in each for each in found)


def test_a_group_of_the_registry_that_is_too_long_with_its_stage() -> None:
    assert problems("retrain", "dev", group=f"{'g' * 60}-dev") == [
        f"model package group {'g' * 60}-dev has 64 characters, AWS allows 63"
    ]


@pytest.mark.parametrize("name", ["sthree", "amzn-s3-demo", "xn-"])
def test_beginnings_of_buckets_that_aws_keeps(name: str) -> None:
    (problem,) = problems(name, "dev")

    assert "which AWS keeps to itself" in problem


def test_what_fits_is_taken_and_all_of_it_is_looked_at() -> None:
    stage_names.check(NAMES, "Fashion-MNIST-dev")

    with pytest.raises(StageNameError, match="another --stage"):
        stage_names.check(Names("retrain", "Prod", "123456789012", "us-east-1"), "g")
    assert len(LAMBDAS) >= 10


def test_a_template_is_not_written_for_a_stage_that_aws_refuses(pipeline: PipelineConfig) -> None:
    with pytest.raises(StageNameError, match="'Prod'"):
        package(pipeline, "Prod", "us-east-1", Path("nowhere"))
