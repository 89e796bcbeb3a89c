"""The SageMaker steps of the Data Science SDK with jobs that run, and those that are refused."""

from pathlib import Path
from typing import Any

import pytest
import sagemaker
from sagemaker.parameter import IntegerParameter
from sagemaker.processing import ProcessingInput, ProcessingOutput
from sagemaker.sklearn import SKLearn, SKLearnProcessor
from sagemaker.tuner import HyperparameterTuner
from stepfunctions import steps
from stepfunctions.inputs import ExecutionInput

from tests.e2e.sdk.conftest import Run
from tests.functional.sagemaker_requests import Account, training, unique
from tests.support.roles import ROLE

pytestmark = pytest.mark.slow

RESOURCE = "arn:aws:states:::sagemaker:createTrainingJob.sync"
FIT = """
import os, pathlib
pathlib.Path("/opt/ml/model/weights").write_text("0.5")
print("files", sorted(os.listdir("/opt/ml/input/data/train")))
"""
SPLIT = """
import pathlib, sys
lines = pathlib.Path("/opt/ml/processing/input/data.csv").read_text().splitlines()
cut = int(len(lines) * float(sys.argv[2]))
pathlib.Path("/opt/ml/processing/train/train.csv").write_text("\\n".join(lines[cut:]))
pathlib.Path("/opt/ml/processing/test/test.csv").write_text("\\n".join(lines[:cut]))
"""


@pytest.fixture(scope="module")
def data(account: Account) -> str:
    return account.put("data/data.csv", "\n".join(str(n) for n in range(10)))


@pytest.fixture(scope="module")
def estimator(session: sagemaker.Session, tmp_path_factory: pytest.TempPathFactory) -> SKLearn:
    script = tmp_path_factory.mktemp("fit") / "fit.py"
    script.write_text(FIT)
    return SKLearn(
        entry_point=str(script),
        framework_version="1.2-1",
        role=ROLE,
        instance_type="ml.m5.large",
        instance_count=1,
        sagemaker_session=session,
        output_path=f"s3://{session.default_bucket()}/models",
    )


@pytest.fixture(scope="module")
def trained(run: Run, estimator: SKLearn, account: Account, data: str) -> dict[str, Any]:
    step = steps.TrainingStep(
        "Train", estimator=estimator, data={"train": data}, job_name=unique("fit")
    )
    ended = run(step)
    assert ended["status"] == "SUCCEEDED", ended
    output: dict[str, Any] = ended["output"]
    return output


def processor(session: sagemaker.Session) -> SKLearnProcessor:
    return SKLearnProcessor(
        framework_version="1.2-1",
        role=ROLE,
        instance_type="ml.m5.large",
        instance_count=1,
        sagemaker_session=session,
    )


def split(account: Account, data: str) -> dict[str, Any]:
    """Return what a ProcessingStep takes to split `data` by a script with AWS's own paths."""
    code = account.put("code/split.py", SPLIT)
    folder = "/opt/ml/processing"
    return {
        "job_name": unique("split"),
        "inputs": [
            ProcessingInput(source=data, destination=f"{folder}/input", input_name="data"),
            ProcessingInput(source=code, destination=f"{folder}/input/code", input_name="code"),
        ],
        "outputs": [
            ProcessingOutput(
                source=f"{folder}/{part}", destination=account.uri(part), output_name=part
            )
            for part in ("train", "test")
        ],
    }


ENTRYPOINT = ["python3", "/opt/ml/processing/input/code/split.py"]
ARGUMENTS = ["--train-test-split-ratio", "0.2"]


def test_a_training(trained: dict[str, Any]) -> None:
    assert trained["TrainingJobStatus"] == "Completed"


def test_a_task_that_trains(run: Run, account: Account) -> None:
    request = training(unique("task"), account.uri("models"), "echo trained")

    ended = run(steps.Task("Train", resource=RESOURCE, parameters=request))

    assert ended["output"]["TrainingJobStatus"] == "Completed"


def test_a_task_that_fails_is_caught(run: Run, account: Account) -> None:
    request = training(unique("caught"), account.uri("models"), "exit 3")
    task = steps.Task("Train", resource=RESOURCE, parameters=request)
    caught = steps.Pass("Caught", result="caught")
    task.add_catch(steps.Catch(error_equals=["States.ALL"], next_step=caught))

    assert run(task)["output"] == "caught"


def test_a_task_that_fails_is_tried_again(run: Run, account: Account) -> None:
    request = training(unique("again"), account.uri("models"), "exit 3")
    task = steps.Task("Train", resource=RESOURCE, parameters=request)
    task.add_retry(steps.Retry(error_equals=["States.ALL"], interval_seconds=1, max_attempts=1))

    ended = run(task)

    # The second try asks for a job of the same name, which is there.
    assert ended["status"] == "FAILED"
    assert "already exists" in ended["cause"]


def test_trainings_side_by_side(run: Run, account: Account) -> None:
    both = steps.Parallel("Both")
    for name in ("left", "right"):
        request = training(unique(name), account.uri("models"), f"echo {name}")
        both.add_branch(steps.Task(name, resource=RESOURCE, parameters=request))

    ended = run(both)

    assert [job["TrainingJobStatus"] for job in ended["output"]] == ["Completed", "Completed"]


def test_a_processing_job_with_aws_paths(
    run: Run, session: sagemaker.Session, account: Account, data: str
) -> None:
    step = steps.ProcessingStep(
        "Split",
        processor=processor(session),
        container_entrypoint=ENTRYPOINT,
        container_arguments=ARGUMENTS,
        **split(account, data),
    )

    ended = run(step)

    assert ended["output"]["ProcessingJobStatus"] == "Completed"
    assert account.get("test/test.csv") == b"0\n1"


def test_a_processing_job_with_placeholders_and_a_role_of_the_input(
    run: Run, session: sagemaker.Session, account: Account, data: str
) -> None:
    given = ExecutionInput(
        schema={"entrypoint": list, "arguments": list, "count": int, "role": str, "seconds": int}
    )
    step = steps.ProcessingStep(
        "Split",
        processor=processor(session),
        container_entrypoint=given["entrypoint"],
        container_arguments=given["arguments"],
        parameters={
            "ProcessingResources": {"ClusterConfig": {"InstanceCount": given["count"]}},
            "RoleArn": given["role"],
            "StoppingCondition": {"MaxRuntimeInSeconds": given["seconds"]},
        },
        **split(account, data),
    )

    ended = run(
        step,
        inputs={
            "entrypoint": ENTRYPOINT,
            "arguments": ARGUMENTS,
            "count": 1,
            "role": ROLE,
            "seconds": 500,
        },
    )

    assert ended["output"]["ProcessingJobStatus"] == "Completed", ended


def model_step(estimator: SKLearn, trained: dict[str, Any], name: str) -> Any:
    model = estimator.create_model()
    model.model_data = trained["ModelArtifacts"]["S3ModelArtifacts"]
    return steps.ModelStep("Model", model=model, model_name=name)


def test_a_model_and_its_endpoint_configuration(
    run: Run, estimator: SKLearn, trained: dict[str, Any], account: Account
) -> None:
    name = unique("model")
    config = steps.EndpointConfigStep(
        "Config",
        endpoint_config_name=name,
        model_name=name,
        initial_instance_count=1,
        instance_type="ml.m5.large",
    )

    ended = run(model_step(estimator, trained, name), config)

    assert ended["status"] == "SUCCEEDED", ended
    assert ended["output"]["EndpointConfigArn"].endswith(f":endpoint-config/{name}")
    assert ended["output"]["SdkHttpMetadata"]["HttpStatusCode"] == 200
    assert account.sagemaker.describe_model(ModelName=name)["ModelName"] == name


def endpoint(estimator: SKLearn) -> Any:
    return steps.EndpointStep("Step", endpoint_name="e", endpoint_config_name="c")


def transform(estimator: SKLearn) -> Any:
    transformer = sagemaker.transformer.Transformer(
        "m", 1, "ml.m5.large", sagemaker_session=estimator.sagemaker_session
    )
    return steps.TransformStep(
        "Step", transformer, job_name="t", model_name="m", data="s3://bucket/data"
    )


def tuning(estimator: SKLearn) -> Any:
    tuner = HyperparameterTuner(
        estimator,
        "loss",
        {"epochs": IntegerParameter(1, 2)},
        metric_definitions=[{"Name": "loss", "Regex": "loss=(.*)"}],
    )
    return steps.TuningStep("Step", tuner=tuner, job_name="t", data={"train": "s3://bucket/data"})


@pytest.mark.parametrize(
    ("step", "action"),
    [
        (endpoint, "createEndpoint"),
        (transform, "createTransformJob"),
        (tuning, "createHyperParameterTuningJob"),
    ],
)
def test_a_step_whose_service_is_not_there_is_created_and_fails_by_name(
    run: Run, estimator: SKLearn, step: Any, action: str
) -> None:
    ended = run(step(estimator))

    assert ended["status"] == "FAILED"
    assert action in ended["cause"] and "embedded AWS" in ended["cause"]


def test_a_training_finds_its_channel_and_leaves_a_model(
    trained: dict[str, Any], account: Account
) -> None:
    name = trained["TrainingJobName"]

    assert "files ['data.csv']" in account.job_log(name)
    assert Path(trained["ModelArtifacts"]["S3ModelArtifacts"]).name == "model.tar.gz"
