"""Runs that take over what earlier ones have computed, deployed and with real jobs."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from state_machine.config import Code, PipelineConfig
from tests.e2e.pipeline import Pipeline
from tests.faults import light
from tests.support.asking import ask

NAME = "digits"
# The jobs that a change of a script makes necessary.
CONCERNED = {
    "evaluation.py": ["evaluate"],
    "main.py": ["evaluate", "train"],
    "preprocessing.py": ["evaluate", "preprocess", "train"],
}


@pytest.fixture(scope="module")
def settings(settings: PipelineConfig) -> PipelineConfig:
    """A pipeline that reuses steps, keeps its instances and streams its arrays."""
    asked = {"keep_alive_seconds": 600, "input_mode": "FastFile"}
    training = settings.training.model_copy(update=asked)
    return settings.model_copy(update={"reuse_unchanged_steps": True, "training": training})


@pytest.fixture(scope="module")
def first(pipeline: Pipeline, digits: Path) -> dict[str, Any]:
    """The output of the run that the upload started."""
    return succeeded(pipeline, light.upload(pipeline, digits, NAME))


def succeeded(pipeline: Pipeline, execution_arn: str) -> dict[str, Any]:
    execution = pipeline.end_of(execution_arn)
    assert execution["status"] == "SUCCEEDED", (execution.get("error"), execution.get("cause"))
    output: dict[str, Any] = execution["output"]
    return output


def jobs_of(pipeline: Pipeline, run_id: str) -> list[str]:
    """The steps of a run that have had a job."""
    listed = pipeline.sagemaker.list_processing_jobs(NameContains=run_id, MaxResults=100)
    trained = pipeline.sagemaker.list_training_jobs(NameContains=run_id, MaxResults=100)
    names = [job["ProcessingJobName"] for job in listed["ProcessingJobSummaries"]]
    names += [job["TrainingJobName"] for job in trained["TrainingJobSummaries"]]
    return sorted(name.removeprefix(f"{run_id}-").split("-")[0] for name in names)


@pytest.fixture
def run(pipeline: Pipeline, first: dict[str, Any]) -> Callable[..., dict[str, Any]]:
    """Return a function that runs an execution to its end; it gives its output."""
    assert jobs_of(pipeline, first["run_id"]) == ["evaluate", "preprocess", "train"]
    return lambda given=None: succeeded(pipeline, pipeline.start(given or {}))


def test_the_first_run_has_asked_for_its_instances_to_be_kept(
    pipeline: Pipeline, first: dict[str, Any]
) -> None:
    job = pipeline.sagemaker.describe_training_job(
        TrainingJobName=first["training_job"]["job_name"]
    )
    assert job["ResourceConfig"]["KeepAlivePeriodInSeconds"] == 600
    assert job["AlgorithmSpecification"]["TrainingInputMode"] == "FastFile"


def test_a_second_run_evaluates_the_first_ones_model_and_decides(
    pipeline: Pipeline, run: Callable[..., dict[str, Any]], first: dict[str, Any]
) -> None:
    second = run()

    assert jobs_of(pipeline, second["run_id"]) == ["evaluate"]
    assert second["training_job"]["model_data_url"] == first["training_job"]["model_data_url"]
    assert second["quality_gate"]["decision"] == "register"
    assert second["quality_gate"]["metrics"] == first["quality_gate"]["metrics"]
    costs = {job["step"]: job["estimate"] for job in second["quality_gate"]["cost"]["jobs"]}
    assert costs["Preprocess"] == costs["Train"] == 0 < costs["Evaluate"]
    plan = json.loads(pipeline.object(f"{second['paths']['run']}/run.json"))
    assert {step["reused_from"] for step in plan["steps"].values()} == {first["run_id"]}
    package = pipeline.sagemaker.describe_model_package(
        ModelPackageName=second["registration"]["model_package_arn"]
    )
    (container,) = package["InferenceSpecification"]["Containers"]
    assert container["ModelDataUrl"] == first["training_job"]["model_data_url"]
    assert package["CustomerMetadataProperties"]["run_id"] == second["run_id"]
    assert package["CustomerMetadataProperties"]["trained_by"] == first["run_id"]
    page = pipeline.object(second["paths"]["report"]).decode()
    assert page.count(f"reused from run <code>{first['run_id']}</code>") == 2


@pytest.mark.parametrize(
    ("given", "jobs"),
    [
        ({"hyperparameters": {"fault": "another"}}, ["evaluate", "train"]),
        ({"instance_types": {"training": "ml.c5.4xlarge"}}, ["evaluate", "train"]),
        ({"instance_types": {"evaluation": "ml.c5.4xlarge"}}, ["evaluate"]),
        ({"force": True}, ["evaluate", "preprocess", "train"]),
    ],
)
def test_what_was_asked_for_otherwise_is_computed(
    pipeline: Pipeline, run: Callable[..., dict[str, Any]], given: dict[str, Any], jobs: list[str]
) -> None:
    output = run(given)

    assert jobs_of(pipeline, output["run_id"]) == jobs
    asked = given.get("instance_types", {})
    told = {"training": output["training_job"], "evaluation": output["evaluation_job"]}
    for job, instance_type in asked.items():
        assert told[job]["instance_type"] == instance_type


def test_data_uploaded_again_are_known_and_other_data_are_not(
    pipeline: Pipeline, first: dict[str, Any], digits: Path, tmp_path: Path
) -> None:
    again = succeeded(pipeline, light.upload(pipeline, digits, "once-more"))
    assert jobs_of(pipeline, again["run_id"]) == ["evaluate"]
    assert again["training_job"]["reused_from"]
    other = Path(shutil.copytree(digits, tmp_path / "other"))
    smaller = sorted(other.glob("t10k-*"))
    for file, source in zip(smaller, sorted(other.glob("train-*")), strict=True):
        shutil.copyfile(source, file)

    output = succeeded(pipeline, light.upload(pipeline, other, "others"))

    assert jobs_of(pipeline, output["run_id"]) == ["evaluate", "preprocess", "train"]
    assert first["run_id"] != output["run_id"]


@pytest.mark.usefixtures("run")
def test_a_run_on_a_model_of_another_can_be_redriven(pipeline: Pipeline) -> None:
    asked = {"hyperparameters": {"fault": "fails"}}
    failing = pipeline.start(asked)
    assert pipeline.end_of(failing)["status"] == "FAILED"
    taking_over = pipeline.start(asked)
    assert pipeline.end_of(taking_over)["status"] == "FAILED"
    name = taking_over.rsplit(":", 1)[-1]
    assert "train" not in jobs_of(pipeline, name)

    pipeline.states.redrive_execution(executionArn=taking_over)

    output = succeeded(pipeline, taking_over)
    assert jobs_of(pipeline, name) == ["evaluate", "evaluate", "evaluate"]
    assert output["training_job"]["reused_from"] == failing.rsplit(":", 1)[-1]
    assert output["quality_gate"]["decision"] == "register"


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["overwritten", "deleted"])
@pytest.mark.parametrize(
    ("part", "jobs"),
    [
        ("preprocessing", ["evaluate", "preprocess", "train"]),
        ("training", ["evaluate", "train"]),
    ],
)
def test_what_is_not_as_it_was_is_computed_again(
    pipeline: Pipeline, run: Callable[..., dict[str, Any]], damage: str, part: str, jobs: list[str]
) -> None:
    whole = run()
    step = {"preprocessing": "Preprocess", "training": "Train"}[part]
    entry = f"s3://{pipeline.deployment.bucket}/steps/{whole['steps'][step]['key']}.json"
    for earlier in json.loads(pipeline.object(entry))["runs"]:
        spoil(pipeline, f"runs/{earlier}/{part}/", damage)

    output = run()

    assert jobs_of(pipeline, output["run_id"]) == jobs
    problem = {"overwritten": "is not what the job wrote", "deleted": "was deleted"}[damage]
    assert problem in output["steps"][step]["why"]
    assert output["quality_gate"]["decision"] == "register"
    assert jobs_of(pipeline, run()["run_id"]) == ["evaluate"]


def spoil(pipeline: Pipeline, prefix: str, damage: str) -> None:
    """Overwrite or delete the first object below the prefix."""
    bucket = pipeline.deployment.bucket
    key, *_ = pipeline.keys(f"s3://{bucket}/{prefix}")
    if damage == "deleted":
        pipeline.s3.delete_object(Bucket=bucket, Key=key)
    else:
        pipeline.s3.put_object(Bucket=bucket, Key=key, Body=b"damaged")


@pytest.mark.parametrize(
    "script",
    [
        "evaluation.py",
        pytest.param("main.py", marks=pytest.mark.slow),
        pytest.param("preprocessing.py", marks=pytest.mark.slow),
    ],
)
def test_only_what_other_code_concerns_is_computed(
    pipeline: Pipeline,
    settings: PipelineConfig,
    run: Callable[..., dict[str, Any]],
    tmp_path: Path,
    script: str,
) -> None:
    run()
    pipeline.deploy(with_a_change(settings, script, tmp_path / script))

    assert jobs_of(pipeline, run()["run_id"]) == CONCERNED[script]
    assert jobs_of(pipeline, run()["run_id"]) == ["evaluate"]


def test_another_gate_decides_anew_on_the_same_model(
    pipeline: Pipeline, settings: PipelineConfig, run: Callable[..., dict[str, Any]]
) -> None:
    run()
    strict = {"metric": "accuracy", "op": ">=", "value": 1.0}
    gate = settings.gate.model_copy(update={"thresholds": [strict]})
    pipeline.deploy(settings.model_copy(update={"gate": gate}))

    execution = pipeline.end_of(pipeline.start({}))

    assert execution["error"] == "QualityGate.ThresholdNotMet"
    assert jobs_of(pipeline, execution["name"]) == ["evaluate"]


def with_a_change(settings: PipelineConfig, script: str, folder: Path) -> PipelineConfig:
    """The settings with one script that says one thing more."""
    folder.mkdir()
    source = next(f / script for f in reversed(settings.code.scripts) if (f / script).exists())
    (folder / script).write_text(f"{source.read_text()}\n# changed\n")
    return settings.model_copy(update={"code": Code(scripts=[*settings.code.scripts, folder])})


# The last one, because no run after it has the image of the runs before.
def test_a_run_has_the_image_of_its_time_and_its_reproduction_has_the_same(
    pipeline: Pipeline,
    settings: PipelineConfig,
    run: Callable[..., dict[str, Any]],
    first: dict[str, Any],
) -> None:
    pipeline.deploy(settings)  # as it was when the first ran
    asked = {"repositoryName": "tensorflow-training", "imageTag": "2.19-cpu-py312"}
    route = "/moto-api/ecr/build-image-again"
    built = json.loads(ask(pipeline.aws, route, json.dumps(asked).encode()))["imageDigest"]

    second, again = run(), run({"reproduce": first["run_id"]})

    assert jobs_of(pipeline, second["run_id"]) == ["evaluate", "preprocess", "train"]
    assert second["images"]["training"].endswith(f"/tensorflow-training@{built}")
    assert first["images"]["training"] == again["images"]["training"]
    for output in (first, second, again):
        name = output["training_job"]["job_name"]
        job = pipeline.sagemaker.describe_training_job(TrainingJobName=name)
        plan = json.loads(pipeline.object(f"{output['paths']['run']}/run.json"))
        image = output["images"]["training"]
        assert job["AlgorithmSpecification"]["TrainingImage"] == plan["images"]["training"] == image
        assert plan["image_tags"]["training"].endswith(":2.19-cpu-py312")
    package = pipeline.sagemaker.describe_model_package(
        ModelPackageName=second["registration"]["model_package_arn"]
    )
    (container,) = package["InferenceSpecification"]["Containers"]
    assert container["Image"] == second["images"]["serving"]
