"""The definition: pure, deterministic, valid ASL, valid calls, nothing of pipeline.toml lost."""

import copy
import json
import re
import socket
from typing import Any

import botocore.session
import pytest
from statelint.config import Config
from statelint.linter import Linter
from statelint.problem import ProblemType

from lambdas.reuse.keys import VARIABLE
from lambdas.runs.timeouts import LONGEST_TRANSFER_SECONDS
from lambdas.take_turn import LONGEST_WAIT
from local_aws.requests.constraints import unknown_members, violations
from state_machine.artifacts.bundle import Bundle
from state_machine.config import AutoApprove, PipelineConfig
from state_machine.definition import jobs, workflow
from state_machine.definition.deployed import Deployed
from state_machine.limits import RESERVED, SDK_HYPERPARAMETERS
from state_machine.names import Names
from tests.unit.state_machine.rendering import CONTEXT, STATE, fill_in

CALLS = {
    "Preprocess": ("sagemaker", "CreateProcessingJob"),
    "Train": ("sagemaker", "CreateTrainingJob"),
    "Evaluate": ("sagemaker", "CreateProcessingJob"),
    "RegisterModel": ("sagemaker", "CreateModelPackage"),
}


@pytest.fixture(scope="module")
def machine(pipeline: PipelineConfig, deployed: Deployed) -> dict[str, Any]:
    return workflow.as_dict(pipeline, deployed)


def problems(state: str, request: dict[str, Any]) -> list[str]:
    """What AWS would refuse in the call of `state`, by the service model that botocore ships."""
    service, operation = CALLS[state]
    model = botocore.session.get_session().get_service_model(service)
    shape = model.operation_model(operation).input_shape
    return [*violations(shape, request), *unknown_members(shape, request)]


def tasks(machine: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: s for name, s in machine["States"].items() if s["Type"] == "Task"}


def test_building_needs_no_network(
    pipeline: PipelineConfig, deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object) -> None:
        raise AssertionError(f"building the definition connects to {args}")

    monkeypatch.setattr(socket.socket, "connect", refuse)

    workflow.as_dict(pipeline, deployed)


def test_building_twice_gives_the_same_json(
    machine: dict[str, Any], pipeline: PipelineConfig, deployed: Deployed
) -> None:
    again = workflow.graph(pipeline, deployed).to_json()

    assert again == workflow.graph(pipeline, deployed).to_json()
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
    request = fill_in(machine["States"][state]["Parameters"])

    assert problems(state, request) == []


def test_the_validation_itself_can_fail(machine: dict[str, Any]) -> None:
    request = fill_in(machine["States"]["Train"]["Parameters"])
    request["TrainingJobName"] = "a_name_with_underscores"

    assert problems("Train", request)


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


def timeout(machine: dict[str, Any], state: dict[str, Any]) -> int:
    """The longest that the state may take; PrepareRun adds to what the jobs' states are given."""
    if "TimeoutSeconds" in state:
        return int(state["TimeoutSeconds"])
    job = state["TimeoutSecondsPath"].removeprefix("$.timeout_seconds.")
    defaults = machine["States"]["PrepareRun"]["Parameters"]["Payload"]["defaults"]
    return int(defaults["timeout_seconds"][job]) + LONGEST_TRANSFER_SECONDS


def test_every_task_has_a_timeout_and_retries_with_backoff(machine: dict[str, Any]) -> None:
    for name, state in tasks(machine).items():
        assert timeout(machine, state) > 0, name
        for retry in state["Retry"]:
            assert retry["BackoffRate"] > 1, name
            assert retry["JitterStrategy"] == "FULL", name


def test_a_lambda_that_is_denied_something_is_asked_again_for_some_minutes(
    machine: dict[str, Any],
) -> None:
    lambdas = [state for state in tasks(machine).values() if "FunctionName" in state["Parameters"]]
    assert len(lambdas) == 3
    for state in lambdas:
        retry = state["Retry"][-1]
        assert retry["ErrorEquals"] == ["AccessDeniedError"]
        pauses = [
            min(retry["IntervalSeconds"] * retry["BackoffRate"] ** tried, retry["MaxDelaySeconds"])
            for tried in range(retry["MaxAttempts"])
        ]
        assert sum(pauses) == 180  # at most, by jitter


def test_a_jobs_state_outlasts_the_job_and_the_machine_outlasts_the_states(
    machine: dict[str, Any],
) -> None:
    for name in ("Preprocess", "Train", "Evaluate"):
        state = machine["States"][name]
        limit = state["Parameters"]["StoppingCondition"]["MaxRuntimeInSeconds"]
        assert timeout(machine, state) > limit, name
    states = tasks(machine).values()
    assert machine["TimeoutSeconds"] >= sum(timeout(machine, state) for state in states)


@pytest.mark.parametrize(
    ("state", "again"),
    [
        ("Preprocess", jobs.PROCESSING_RETRIES),
        ("Train", jobs.TRAINING_RETRIES),
        ("Evaluate", jobs.PROCESSING_RETRIES),
    ],
)
def test_a_failed_job_is_run_again_and_its_own_errors_come_first(
    machine: dict[str, Any], state: str, again: int
) -> None:
    own, failed = machine["States"][state]["Retry"]

    assert all(error.startswith("SageMaker.") for error in own["ErrorEquals"])
    assert (failed["ErrorEquals"], failed["MaxAttempts"]) == (["States.TaskFailed"], again)
    assert again <= jobs.MAX_RETRIES  # what the machine's timeout leaves room for


def test_a_spot_job_waits_and_its_state_outlasts_the_wait(
    pipeline: PipelineConfig, deployed: Deployed, machine: dict[str, Any]
) -> None:
    spot = {"use_spot": True, "max_wait_seconds": 20000}
    training = pipeline.training.model_copy(update=spot)
    changed = workflow.as_dict(pipeline.model_copy(update={"training": training}), deployed)

    state, on_demand = changed["States"]["Train"], machine["States"]["Train"]["Parameters"]
    assert state["Parameters"]["EnableManagedSpotTraining"] is True
    condition = {"MaxRuntimeInSeconds": 14400, "MaxWaitTimeInSeconds": 20000}
    assert state["Parameters"]["StoppingCondition"] == condition
    assert timeout(changed, state) > 20000 + LONGEST_TRANSFER_SECONDS
    assert problems("Train", fill_in(state["Parameters"])) == []
    # AWS refuses a wait for a job that is not of spot.
    assert "EnableManagedSpotTraining" not in on_demand
    assert on_demand["StoppingCondition"] == {"MaxRuntimeInSeconds": 14400}


def test_reuse_can_be_switched_off(
    pipeline: PipelineConfig, deployed: Deployed, machine: dict[str, Any]
) -> None:
    off = workflow.as_dict(pipeline.model_copy(update={"reuse_unchanged_steps": False}), deployed)

    for found, expected in ((machine, "unchanged"), (off, "never")):
        defaults = found["States"]["PrepareRun"]["Parameters"]["Payload"]["defaults"]
        assert defaults["reuse_steps"] == expected


def test_another_partition_is_named_everywhere(pipeline: PipelineConfig) -> None:
    names = Names("retrain", "dev", "123456789012", "cn-north-1", partition="aws-cn")
    there = Deployed(names, Bundle("abc", names.bucket, {}))

    text = workflow.graph(pipeline, there).to_json()

    assert "arn:aws-cn:states:::sagemaker:createTrainingJob.sync" in text
    assert "arn:aws:" not in text


def test_no_step_catches_its_failure_so_that_redrive_resumes_there(
    machine: dict[str, Any],
) -> None:
    assert not [name for name, state in machine["States"].items() if "Catch" in state]


def test_an_unknown_decision_is_a_rejection(machine: dict[str, Any]) -> None:
    gate = machine["States"]["QualityGate"]

    assert gate["Default"] == "Rejected"
    known = {choice["StringEquals"] for choice in gate["Choices"]}
    assert known == {"register", "keep_champion", "reproduced", "differs"}
    assert machine["States"]["Rejected"]["Error"] == "QualityGate.ThresholdNotMet"


@pytest.mark.parametrize("enabled", [True, False])
def test_nothing_is_registered_as_approved_and_rules_approve_in_a_state_of_their_own(
    pipeline: PipelineConfig, deployed: Deployed, enabled: bool
) -> None:
    rules = AutoApprove(
        enabled=enabled, thresholds=[{"metric": "accuracy", "op": ">=", "value": 0.9}]
    )
    registry = pipeline.registry.model_copy(update={"auto_approve": rules})
    found = workflow.as_dict(pipeline.model_copy(update={"registry": registry}), deployed)

    register = found["States"]["RegisterModel"]
    assert register["Parameters"]["ModelApprovalStatus"] == "PendingManualApproval"
    assert register["Next"] == ("ApproveModel" if enabled else "Registered")
    assert ("ApproveModel" in found["States"]) is enabled
    if enabled:
        approve = found["States"]["ApproveModel"]
        assert (approve["Next"], approve["ResultPath"]) == ("Registered", "$.quality_gate")
        assert approve["ResultSelector"] == found["States"]["CheckMetrics"]["ResultSelector"]


def test_a_reproduction_ends_well_whether_it_matches_or_not(machine: dict[str, Any]) -> None:
    choices = machine["States"]["QualityGate"]["Choices"]
    ends = {choice["StringEquals"]: choice["Next"] for choice in choices}

    assert ends["reproduced"] == ends["differs"] == "Compared"
    assert machine["States"]["Compared"]["Type"] == "Succeed"


# Options that what invokes the Lambdas is built from, and not the definition: each has its test in
# test_functions.py and, deployed, in tests/unit/lambdas/test_app.py. The code is in the definition
# by its digest alone: test_bundle.py.
OF_THE_DEPLOYMENT = {
    "account.attached_policies",
    "account.permissions_boundary",
    "account.role_path",
    "account.wheels",
    "code.scripts",
    "schedule.enabled",
    "schedule.expression",
}
# One is excluded by spot, which is among the changes, one stands there in other words, and one has
# no other value: test_a_training_keeps_its_instances, test_reuse_can_be_switched_off, test_config.
APART = {"training.keep_alive_seconds", "reuse_unchanged_steps", "evaluation.instance_count"}

# Another valid value for each other option of pipeline.toml, each unlike any other. An option
# without one fails the test below, so that none can be added without reaching the definition.
CHANGES: dict[str, Any] = {
    "name": "other",
    "max_concurrent_runs": 74,
    "data.settle_seconds": 774,
    "data.dataset": "other-data",
    "data.required_files": ["other.gz"],
    "preprocessing.instance_type": "ml.c5.9xlarge",
    "preprocessing.instance_count": 71,
    "preprocessing.volume_size_gb": 771,
    "preprocessing.max_runtime_seconds": 7771,
    "preprocessing.validation_fraction": 0.37,
    "preprocessing.seed": 4711,
    "preprocessing.replicated_files": ["*truth*"],
    "training.instance_type": "ml.c5.18xlarge",
    "training.instance_count": 72,
    "training.volume_size_gb": 772,
    "training.max_runtime_seconds": 7772,
    "training.use_spot": True,
    "training.max_wait_seconds": 8882,
    "training.input_mode": "FastFile",
    "training.framework_version": "2.18",
    "training.py_version": "py310",
    "training.hyperparameters": {"epochs": 1177, "dropout": 0.55},
    "evaluation.instance_type": "ml.c5.4xlarge",
    "evaluation.volume_size_gb": 773,
    "evaluation.max_runtime_seconds": 7773,
    "gate.confidence_level": 0.873,
    "gate.unscorable_champion": "reject",
    "gate.thresholds": [{"metric": "weighted_recall", "op": "<=", "value": 0.513}],
    "gate.per_class": {"min_precision": 0.117, "classes": {"3": {"min_recall": 0.217}}},
    "gate.champion": [{"metric": "macro_f1", "min_improvement": 0.017}],
    "gate.limits": {"max_latency_ms": 317.0, "max_model_size_mb": 417.0},
    "registry.model_package_group": "other-group",
    "registry.auto_approve.enabled": True,
    "registry.auto_approve.thresholds": [{"metric": "top_3_accuracy", "op": ">=", "value": 0.613}],
    "registry.auto_approve.per_class": {"min_recall": 0.713},
    "registry.auto_approve.champion": [{"metric": "macro_recall", "max_regression": 0.813}],
    "registry.auto_approve.limits": {"max_model_size_mb": 517.0},
    "registry.inference_instance_types": ["ml.c5.large"],
    "tracking.mlflow_tracking_uri": "https://mlflow.example.com",
    "tracking.experiment": "other-experiment",
    "account.tags": {"team-713": "ml-717"},
    "account.kms_key": "arn:aws:kms:eu-central-1:123456789012:key/0a74",
    "account.pip_index_url": "https://pypi.example.org/simple",
    "account.subnets": ["subnet-0a71", "subnet-0a72"],
    "account.security_group_ids": ["sg-0a73"],
}


def options(section: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """All options by their dotted names; hyperparameters and each kind of rule are one option."""
    found: dict[str, Any] = {}
    for key, value in section.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict) and name not in CHANGES:
            found |= options(value, f"{name}.")
        else:
            found[name] = value
    return found


def leaves(value: Any) -> list[str]:
    """The values inside `value` as JSON text, names of hyperparameters included."""
    if isinstance(value, dict):
        return [leaf for pair in value.items() for part in pair for leaf in leaves(part)]
    if isinstance(value, list):
        return [leaf for item in value for leaf in leaves(item)]
    return [json.dumps(value).strip('"')]


def stands_in(value: str, text: str) -> bool:
    """Whether `value` stands in `text` as a word of its own, not inside a digest."""
    return re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text) is not None


def changed_everywhere(pipeline: PipelineConfig) -> PipelineConfig:
    raw = pipeline.model_dump()
    for name, value in CHANGES.items():
        *sections, key = name.split(".")
        table = raw
        for section in sections:
            table = table[section]
        table[key] = value
    return PipelineConfig.model_validate(raw)


def test_no_option_of_pipeline_toml_is_missing_from_the_definition(
    pipeline: PipelineConfig, deployed: Deployed, machine: dict[str, Any]
) -> None:
    config = changed_everywhere(pipeline)
    names = Names(config.name, "dev", deployed.names.account, deployed.names.region)

    after = json.dumps(workflow.as_dict(config, Deployed(names, deployed.bundle)))

    before = json.dumps(machine)
    for option in options(pipeline.model_dump()).keys() - OF_THE_DEPLOYMENT - APART:
        values = leaves(CHANGES[option])
        missing = [value for value in values if not stands_in(value, after)]
        assert not missing, f"{option}: {missing} is not in the definition"
        assert not all(stands_in(value, before) for value in values), f"{option}: tells nothing"


def test_several_hosts_are_told_of_each_other_and_talk_encrypted(
    machine: dict[str, Any], pipeline: PipelineConfig, deployed: Deployed
) -> None:
    training = pipeline.training.model_copy(update={"instance_count": 2})
    several = workflow.as_dict(pipeline.model_copy(update={"training": training}), deployed)
    one, two = (states["States"]["Train"]["Parameters"] for states in (machine, several))

    told = "sagemaker_multi_worker_mirrored_strategy_enabled"
    assert told not in one["HyperParameters"]
    assert two["HyperParameters"][told] == "true"
    encrypted = "EnableInterContainerTrafficEncryption"
    assert encrypted not in one
    assert two[encrypted] is True
    assert problems("Train", fill_in(two)) == []


def test_hyperparameters_reach_the_job_from_the_run_and_default_in_prepare_run(
    pipeline: PipelineConfig, machine: dict[str, Any]
) -> None:
    states = machine["States"]
    defaults = states["PrepareRun"]["Parameters"]["Payload"]["defaults"]["hyperparameters"]
    job = states["Train"]["Parameters"]["HyperParameters"]

    assert defaults == pipeline.training.hyperparameters
    for name in pipeline.training.hyperparameters:
        assert job[f"{name}.$"] == f"$['hyperparameters']['{name}']"


def test_jobs_say_which_run_they_are_part_of(machine: dict[str, Any]) -> None:
    for state in ("Preprocess", "Train", "Evaluate"):
        request = fill_in(machine["States"][state]["Parameters"])
        assert request["ExperimentConfig"]["TrialComponentDisplayName"] == state.lower()
        # Nothing is tracked unless pipeline.toml says where.
        assert request.get("Environment", {}).keys() <= {VARIABLE, "GLIBC_TUNABLES"}


def test_a_tracking_uri_reaches_training_and_evaluation(
    pipeline: PipelineConfig, deployed: Deployed
) -> None:
    uri = "arn:aws:sagemaker:eu-central-1:123456789012:mlflow-tracking-server/ours"
    tracking = pipeline.tracking.model_copy(update={"mlflow_tracking_uri": uri})
    tracked = pipeline.model_copy(update={"tracking": tracking})
    states = workflow.as_dict(tracked, deployed)["States"]

    requests = {state: fill_in(states[state]["Parameters"]) for state in ("Train", "Evaluate")}

    run = {
        "MLFLOW_TRACKING_URI": uri,
        "MLFLOW_EXPERIMENT_NAME": "retrain",
        "RETRAIN_RUN_ID": STATE["run_id"],
        "RETRAIN_DATASET": "fashion-mnist",
        "RETRAIN_FINGERPRINT": "cafffd8da40d",
        "RETRAIN_CODE_SHA256": "abc",
    }
    model = {"RETRAIN_MODEL_URI": STATE["training_job"]["model_data_url"]}
    own = {VARIABLE: "2" * 64, "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
    assert requests["Train"]["Environment"] == run | own
    assert requests["Evaluate"]["Environment"] == run | model
    for state, request in requests.items():
        assert problems(state, request) == []


def test_an_execution_works_only_when_it_has_its_turn(machine: dict[str, Any]) -> None:
    states = machine["States"]
    turn = {choice["StringEquals"]: choice["Next"] for choice in states["Turn"]["Choices"]}

    assert machine["StartAt"] == "TakeTurn"
    assert states["TakeTurn"]["Next"] == "Turn"
    assert turn == {
        "go": "PrepareRun",
        "settle": "Settle",
        "incomplete": "WaitForFiles",
        "wait": "WaitForTurn",
        "superseded": "Superseded",
    }
    # An answer that nobody knows fails the execution: it must not go by default.
    assert "Default" not in states["Turn"]
    pauses = ("Settle", "WaitForFiles", "WaitForTurn")
    assert {states[pause]["Next"] for pause in pauses} == {"TakeTurn"}
    assert states["Superseded"]["Type"] == "Succeed"


def test_only_what_was_prepared_is_worked_on(machine: dict[str, Any]) -> None:
    states = machine["States"]
    prepared = {choice["StringEquals"]: choice["Next"] for choice in states["Prepared"]["Choices"]}

    assert states["PrepareRun"]["Next"] == "Prepared"
    assert prepared == {
        "prepared": "Preprocess",
        "preprocessed": "Train",
        "trained": "Evaluate",
        "outdated": "TakeTurn",
    }
    assert {choice["Variable"] for choice in states["Prepared"]["Choices"]} == {"$.outcome"}
    assert "Default" not in states["Prepared"]


def test_taking_turns_and_preparing_go_by_the_same_defaults(machine: dict[str, Any]) -> None:
    payloads = [
        machine["States"][state]["Parameters"]["Payload"] for state in ("TakeTurn", "PrepareRun")
    ]

    assert payloads[0]["defaults"] == payloads[1]["defaults"]
    assert payloads[0]["input.$"] == payloads[1]["input.$"] == "$$.Execution.Input"


def test_the_machine_lasts_through_the_longest_wait_and_all_the_work(
    machine: dict[str, Any], pipeline: PipelineConfig
) -> None:
    work = sum(timeout(machine, state) for state in tasks(machine).values())

    assert machine["TimeoutSeconds"] > LONGEST_WAIT + pipeline.data.settle_seconds + work


@pytest.mark.parametrize(
    ("types", "transform"),
    [
        (["ml.m5.large", "ml.c5.large"], ["ml.m5.large"]),
        (["ml.t2.medium"], None),
        (["ml.m5d.large", "ml.r5.large"], None),
    ],
)
def test_a_model_names_only_those_types_for_transforms_that_can(
    pipeline: PipelineConfig, deployed: Deployed, types: list[str], transform: list[str] | None
) -> None:
    registry = pipeline.registry.model_copy(update={"inference_instance_types": types})

    found = workflow.as_dict(pipeline.model_copy(update={"registry": registry}), deployed)

    request = fill_in(found["States"]["RegisterModel"]["Parameters"])
    assert problems("RegisterModel", request) == []
    inference = request["InferenceSpecification"]
    assert inference["SupportedRealtimeInferenceInstanceTypes"] == types
    assert inference.get("SupportedTransformInstanceTypes") == transform


def test_the_hyperparameters_of_the_sdk_are_counted(
    pipeline: PipelineConfig, deployed: Deployed
) -> None:
    training = pipeline.training.model_copy(update={"instance_count": 2, "hyperparameters": {}})

    found = workflow.as_dict(pipeline.model_copy(update={"training": training}), deployed)

    added = found["States"]["Train"]["Parameters"]["HyperParameters"]
    assert len(added) == SDK_HYPERPARAMETERS
    assert all(name.startswith(RESERVED) for name in added)
