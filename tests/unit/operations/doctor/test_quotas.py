"""Quotas of the account against what pipeline.toml asks for."""

from typing import Any

import pytest

from operations.doctor.findings import Finding, Level
from operations.doctor.quotas import concurrency, needed, sagemaker_quotas
from state_machine.config import PipelineConfig, load
from tests.fakes.service_quotas import FakeServiceQuotas
from tests.support.paths import PROJECT

PROCESSING = "ml.m5.xlarge for processing job usage"
TRAINING = "ml.m5.2xlarge for training job usage"
SPOT = "ml.m5.2xlarge for spot training job usage"
ALL_PROCESSING = "Number of instances across all processing jobs"
ALL_TRAINING = "Number of instances across all training jobs"
ENOUGH = {PROCESSING: 4.0, TRAINING: 4.0, ALL_PROCESSING: 4.0, ALL_TRAINING: 4.0}
OTHERS = {f"ml.x{number}.large for endpoint usage": 2.0 for number in range(5)}


@pytest.fixture
def config() -> PipelineConfig:
    return load(PROJECT / "pipeline.toml")


def changed(config: PipelineConfig, section: str, **values: Any) -> PipelineConfig:
    part = getattr(config, section).model_copy(update=values)
    return config.model_copy(update={section: part})


def by_name(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.name.removeprefix("quota "): finding for finding in findings}


def test_a_run_has_one_job_at_a_time(config: PipelineConfig) -> None:
    assert needed(config) == dict.fromkeys(ENOUGH, 1)


def test_runs_at_once_and_instances_of_a_job_multiply(config: PipelineConfig) -> None:
    larger = changed(config, "evaluation", instance_count=2)
    larger = changed(larger, "training", instance_count=3)
    larger = larger.model_copy(update={"max_concurrent_runs": 2})
    assert needed(larger) == {PROCESSING: 4, ALL_PROCESSING: 4, TRAINING: 6, ALL_TRAINING: 6}


def test_spot_has_quotas_of_its_own(config: PipelineConfig) -> None:
    names = needed(changed(config, "training", use_spot=True)).keys()
    assert SPOT in names
    assert "Number of instances across all spot training jobs" in names
    assert TRAINING not in names


def test_a_warm_pool_has_a_quota_beside_that_of_training(config: PipelineConfig) -> None:
    kept = needed(changed(config, "training", keep_alive_seconds=600, instance_count=2))
    assert kept["ml.m5.2xlarge for training warm pool usage"] == kept[TRAINING] == 2


def test_quotas_that_are_high_enough_are_ok(config: PipelineConfig) -> None:
    quotas = FakeServiceQuotas(OTHERS | ENOUGH)
    findings = sagemaker_quotas(config, "us-east-1", quotas)
    assert {f.level for f in findings} == {Level.OK}
    assert by_name(findings)[TRAINING].found == "4 allowed, 1 needed"


def test_a_quota_that_is_too_low_says_what_to_type(config: PipelineConfig) -> None:
    quotas = FakeServiceQuotas(OTHERS | ENOUGH | {PROCESSING: 0.0})

    findings = by_name(sagemaker_quotas(config, "eu-west-1", quotas))

    assert findings[PROCESSING].level is Level.PROBLEM
    assert findings[PROCESSING].found == "0 allowed, 1 needed"
    assert findings[PROCESSING].next_step == (
        "aws service-quotas request-service-quota-increase --service-code sagemaker "
        f"--quota-code L-{len(PROCESSING)} --desired-value 1 --region eu-west-1"
    )
    assert findings[TRAINING].level is Level.OK


def test_a_quota_that_aws_does_not_raise_says_so(config: PipelineConfig) -> None:
    quotas = FakeServiceQuotas(ENOUGH | {PROCESSING: 0.0}, adjustable=False)
    finding = by_name(sagemaker_quotas(config, "us-east-1", quotas))[PROCESSING]
    assert finding.level is Level.PROBLEM
    assert "change pipeline.toml" in finding.next_step


def test_without_a_value_of_the_accounts_own_the_default_holds(config: PipelineConfig) -> None:
    applied = {name: value for name, value in ENOUGH.items() if name != TRAINING}
    quotas = FakeServiceQuotas(applied, defaults=ENOUGH | {TRAINING: 0.0, PROCESSING: 0.0})
    findings = by_name(sagemaker_quotas(config, "us-east-1", quotas))
    assert findings[TRAINING].level is Level.PROBLEM
    assert findings[PROCESSING].level is Level.OK


def test_an_unknown_instance_type_has_no_quota(config: PipelineConfig) -> None:
    finding = by_name(
        sagemaker_quotas(
            changed(config, "training", instance_type="ml.m99.large"),
            "us-east-1",
            FakeServiceQuotas(ENOUGH),
        )
    )["ml.m99.large for training job usage"]
    assert finding.level is Level.WARNING
    assert "no quota of this name in us-east-1" in finding.found


def test_lambdas_concurrency_is_for_one_upload_and_the_runs(config: PipelineConfig) -> None:
    few = concurrency(config, "us-east-1", FakeServiceQuotas({"Concurrent executions": 5.0}))
    many = concurrency(config, "us-east-1", FakeServiceQuotas({"Concurrent executions": 10.0}))
    assert few.level is Level.WARNING
    assert "5 allowed, 6 needed" in few.found
    assert "--service-code lambda" in few.next_step
    assert many.level is Level.OK
