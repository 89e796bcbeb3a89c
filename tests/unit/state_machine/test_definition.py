"""The definition: pure, deterministic, valid ASL, valid calls, and nothing of pipeline.toml lost."""

import copy
import json
import socket
from typing import Any

import pytest
from statelint.config import Config
from statelint.linter import Linter
from statelint.problem import ProblemType

from local_aws.validation import find_violations
from state_machine import definition
from state_machine.config import PipelineConfig
from state_machine.deployed import Deployed
from tests.unit.state_machine.rendering import CONTEXT, fill_in

CALLS = {
    "Preprocess": ("sagemaker", "CreateProcessingJob"),
    "Train": ("sagemaker", "CreateTrainingJob"),
    "Evaluate": ("sagemaker", "CreateProcessingJob"),
    "RegisterModel": ("sagemaker", "CreateModelPackage"),
}


@pytest.fixture(scope="module")
def machine(pipeline: PipelineConfig, deployed: Deployed) -> dict[str, Any]:
    return definition.as_dict(pipeline, deployed)


def tasks(machine: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: s for name, s in machine["States"].items() if s["Type"] == "Task"}


def test_building_needs_no_network(
    pipeline: PipelineConfig, deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object) -> None:
        raise AssertionError(f"building the definition connects to {args}")

    monkeypatch.setattr(socket.socket, "connect", refuse)

    definition.as_dict(pipeline, deployed)


def test_building_twice_gives_the_same_json(
    machine: dict[str, Any], pipeline: PipelineConfig, deployed: Deployed
) -> None:
    again = definition.graph(pipeline, deployed).to_json()

    assert again == definition.graph(pipeline, deployed).to_json()
    assert json.loads(again) == machine


def test_statelint_finds_nothing(machine: dict[str, Any]) -> None:
    linted = copy.deepcopy(machine)
    # statelint's grammar knows no '-' in a path; Step Functions takes it inside brackets.
    hyperparameters = linted["States"]["Train"]["Parameters"]["HyperParameters"]
    for name in [name for name in hyperparameters if "-" in name]:
        hyperparameters[name] = "$.hyperparameters"
    ignored = {ProblemType.URI, ProblemType.FLOAT}  # which ARN, and whether 2.0 is written 2

    assert Linter.validate(linted, Config(ignored)) == []


def test_statelint_would_find_a_misspelt_next_state(machine: dict[str, Any]) -> None:
    broken = copy.deepcopy(machine)
    broken["States"]["Preprocess"]["Next"] = "Trian"

    assert Linter.validate(broken, Config({ProblemType.URI, ProblemType.FLOAT}))


@pytest.mark.parametrize("state", CALLS)
def test_every_sagemaker_call_fits_the_service_model(machine: dict[str, Any], state: str) -> None:
    service, operation = CALLS[state]

    request = fill_in(machine["States"][state]["Parameters"])

    assert find_violations(service, operation, request) == []


def test_the_validation_itself_can_fail(machine: dict[str, Any]) -> None:
    request = fill_in(machine["States"]["Train"]["Parameters"])
    request["TrainingJobName"] = "a_name_with_underscores"

    assert find_violations("sagemaker", "CreateTrainingJob", request)


@pytest.mark.parametrize("state", ["Preprocess", "Train", "Evaluate"])
def test_retries_and_redrives_get_fresh_job_names(machine: dict[str, Any], state: str) -> None:
    parameters = machine["States"][state]["Parameters"]
    key = "TrainingJobName" if state == "Train" else "ProcessingJobName"

    def name(retry_count: int, redrive_count: int) -> str:
        context = copy.deepcopy(CONTEXT)
        context["State"]["RetryCount"] = retry_count
        context["Execution"]["RedriveCount"] = redrive_count
        return str(fill_in(parameters, context)[key])

    names = {name(retry, redrive) for retry in range(3) for redrive in range(3)}
    assert len(names) == 9
    assert max(map(len, names)) <= 63


def test_every_task_has_a_timeout_and_retries_with_backoff(machine: dict[str, Any]) -> None:
    for name, state in tasks(machine).items():
        assert state["TimeoutSeconds"] > 0, name
        (retry,) = state["Retry"]
        assert retry["BackoffRate"] > 1, name
        assert retry["JitterStrategy"] == "FULL", name


def test_a_jobs_state_outlasts_the_job_and_the_machine_outlasts_the_states(
    machine: dict[str, Any],
) -> None:
    for name in ("Preprocess", "Train", "Evaluate"):
        state = machine["States"][name]
        limit = state["Parameters"]["StoppingCondition"]["MaxRuntimeInSeconds"]
        assert state["TimeoutSeconds"] > limit, name
    assert machine["TimeoutSeconds"] >= sum(s["TimeoutSeconds"] for s in tasks(machine).values())


def test_no_step_catches_its_failure_so_that_redrive_resumes_there(
    machine: dict[str, Any],
) -> None:
    assert not [name for name, state in machine["States"].items() if "Catch" in state]


def test_an_unknown_decision_is_a_rejection(machine: dict[str, Any]) -> None:
    gate = machine["States"]["QualityGate"]

    assert gate["Default"] == "Rejected"
    assert {choice["StringEquals"] for choice in gate["Choices"]} == {"register", "keep_champion"}
    assert machine["States"]["Rejected"]["Error"] == "QualityGate.ThresholdNotMet"


# Another valid value for each option of pipeline.toml. An option that is missing here fails the
# test below, so that none can be added without reaching the definition.
CHANGES: dict[str, Any] = {
    "name": "other",
    "data.dataset": "other-data",
    "data.required_files": ["other.gz"],
    **{
        f"{job}.{option}": value
        for job in ("preprocessing", "training", "evaluation")
        for option, value in {
            "instance_type": "ml.c5.9xlarge",
            "instance_count": 7,
            "volume_size_gb": 77,
            "max_runtime_seconds": 777,
        }.items()
    },
    "preprocessing.validation_fraction": 0.37,
    "preprocessing.seed": 4711,
    "training.framework_version": "2.18",
    "training.py_version": "py310",
    "training.hyperparameters": {"epochs": 11, "dropout": 0.5},
    "gate.champion_metric": "weighted_f1",
    "gate.min_improvement": 0.017,
    "gate.thresholds": [{"metric": "weighted_recall", "op": "<=", "value": 0.5}],
    "registry.model_package_group": "other-group",
    "registry.approval_status": "Approved",
    "registry.inference_instance_types": ["ml.c5.9xlarge"],
}
# TensorFlow 2.18 goes with Python 3.10 in AWS's images: the two change together.
TOGETHER = {"training.framework_version", "training.py_version"}


def options(section: dict[str, Any], prefix: str = "") -> list[str]:
    """The dotted names of all options; hyperparameters and thresholds are one option each."""
    whole = ("training.hyperparameters",)
    return [
        name
        for key, value in section.items()
        for name in (
            options(value, f"{prefix}{key}.")
            if isinstance(value, dict) and f"{prefix}{key}" not in whole
            else [f"{prefix}{key}"]
        )
    ]


def changed(pipeline: PipelineConfig, names: set[str]) -> PipelineConfig:
    raw = pipeline.model_dump()
    for name in names:
        *sections, key = name.split(".")
        table = raw
        for section in sections:
            table = table[section]
        table[key] = CHANGES[name]
    return PipelineConfig.model_validate(raw)


def test_no_option_of_pipeline_toml_is_missing_from_the_definition(
    pipeline: PipelineConfig, deployed: Deployed, machine: dict[str, Any]
) -> None:
    without_effect = []
    for option in options(pipeline.model_dump()):
        config = changed(pipeline, TOGETHER if option in TOGETHER else {option})
        there = Deployed(
            names=type(deployed.names)(
                config.name, deployed.names.stage, deployed.names.account, deployed.names.region
            ),
            bundle=deployed.bundle,
        )
        if definition.as_dict(config, there) == machine:
            without_effect.append(option)

    assert without_effect == []


def test_every_value_of_pipeline_toml_stands_in_the_definition(
    pipeline: PipelineConfig, machine: dict[str, Any]
) -> None:
    text = json.dumps(machine)

    assert pipeline.training.framework_version in text
    for file in pipeline.data.required_files:
        assert file in text
    for name, value in pipeline.training.hyperparameters.items():
        assert f"$['hyperparameters']['{name}']" in text
        assert f'"{name}": {json.dumps(value)}' in text
