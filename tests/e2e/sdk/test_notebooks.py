"""What three of AWS's notebooks do, on small data and with scikit-learn's estimator.

step_functions_mlworkflow_scikit_learn_data_processing_and_model_evaluation,
automate_model_retraining_workflow and machine_learning_workflow_abalone of
https://github.com/aws/amazon-sagemaker-examples/tree/main/step-functions-data-science-sdk;
their scripts are others, with the paths of a SageMaker container as they stand in AWS's.
"""

import json
from pathlib import Path
from typing import Any

import pytest
import sagemaker
from sagemaker.processing import ProcessingInput, ProcessingOutput
from sagemaker.sklearn import SKLearn, SKLearnProcessor
from stepfunctions import steps

from tests.e2e.sdk.conftest import Run
from tests.functional.conftest import zipped
from tests.functional.sagemaker_requests import Account, unique
from tests.support.roles import ROLE

pytestmark = pytest.mark.slow

PREPROCESS = """
import numpy as np
rows = np.loadtxt("/opt/ml/processing/input/data.csv", delimiter=",")
np.random.default_rng(0).shuffle(rows)
np.savetxt("/opt/ml/processing/train/train.csv", rows[20:], delimiter=",")
np.savetxt("/opt/ml/processing/test/test.csv", rows[:20], delimiter=",")
"""
FIT = """
import json
import numpy as np
from sklearn.linear_model import LogisticRegression
rows = np.loadtxt("/opt/ml/input/data/train/train.csv", delimiter=",")
model = LogisticRegression().fit(rows[:, 1:], rows[:, 0])
weights = {"coef": model.coef_.tolist(), "intercept": model.intercept_.tolist()}
with open("/opt/ml/model/model.json", "w") as file:
    json.dump(weights, file)
print(f"validation:error={1 - model.score(rows[:, 1:], rows[:, 0])};")
"""
EVALUATE = """
import json, tarfile
import numpy as np
with tarfile.open("/opt/ml/processing/model/model.tar.gz") as archive:
    weights = json.load(archive.extractfile("model.json"))
rows = np.loadtxt("/opt/ml/processing/test/test.csv", delimiter=",")
scores = rows[:, 1:] @ np.array(weights["coef"][0]) + weights["intercept"][0]
accuracy = float(np.mean((scores > 0) == rows[:, 0]))
with open("/opt/ml/processing/evaluation/evaluation.json", "w") as file:
    json.dump({"accuracy": accuracy}, file)
"""
QUERY = """
import boto3

def handler(event, context):
    job = boto3.client("sagemaker").describe_training_job(TrainingJobName=event["TrainingJobName"])
    metrics = job["FinalMetricDataList"]
    return {"trainingMetrics": [{"Name": m["MetricName"], "Value": m["Value"]} for m in metrics]}
"""
METRICS = [{"Name": "validation:error", "Regex": "validation:error=(.*?);"}]
CODE = "/opt/ml/processing/input/code"


@pytest.fixture(scope="module")
def data(account: Account) -> str:
    rows = [f"{n % 2},{(n % 2) * 4 + n / 100},{n / 50}" for n in range(100)]
    return account.put("notebook/data.csv", "\n".join(rows))


@pytest.fixture(scope="module")
def train(account: Account, data: str) -> str:
    return account.put("notebook/train/train.csv", account.get("notebook/data.csv"))


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
        metric_definitions=METRICS,
    )


def processing_step(
    session: sagemaker.Session,
    account: Account,
    name: str,
    script: str,
    *,
    inputs: dict[str, Any],
    outputs: list[str],
) -> Any:
    code = account.put(f"notebook/code/{name}.py", script)
    folder = "/opt/ml/processing"
    return steps.ProcessingStep(
        name,
        processor=SKLearnProcessor(
            framework_version="1.2-1",
            role=ROLE,
            instance_type="ml.m5.large",
            instance_count=1,
            sagemaker_session=session,
        ),
        job_name=unique(name),
        inputs=[
            ProcessingInput(source=uri, destination=f"{folder}/{to}", input_name=to)
            for to, uri in inputs.items()
        ]
        + [ProcessingInput(source=code, destination=CODE, input_name="code")],
        outputs=[
            ProcessingOutput(
                source=f"{folder}/{of}",
                destination=account.uri(f"notebook/{name}/{of}"),
                output_name=of,
            )
            for of in outputs
        ],
        container_entrypoint=["python3", f"{CODE}/{name}.py"],
    )


def test_data_processing_and_model_evaluation(
    run: Run, session: sagemaker.Session, account: Account, estimator: SKLearn, data: str
) -> None:
    preprocess = processing_step(
        session,
        account,
        "preprocess",
        PREPROCESS,
        inputs={"input": data},
        outputs=["train", "test"],
    )
    job = unique("fit")
    channel = {"train": account.uri("notebook/preprocess/train")}
    fit = steps.TrainingStep("Train", estimator=estimator, data=channel, job_name=job)
    model = f"s3://{session.default_bucket()}/{job}/output/model.tar.gz"
    test = account.uri("notebook/preprocess/test")
    evaluate = processing_step(
        session,
        account,
        "evaluate",
        EVALUATE,
        inputs={"model": model, "test": test},
        outputs=["evaluation"],
    )

    ended = run(preprocess, fit, evaluate)

    assert ended["status"] == "SUCCEEDED", ended
    evaluation = json.loads(account.get("notebook/evaluate/evaluation/evaluation.json"))
    assert evaluation["accuracy"] > 0.9


def query_function(account: Account) -> str:
    name = unique("query")
    account.aws.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.12",
        Role=ROLE,
        Handler="index.handler",
        Code={"ZipFile": zipped(index=QUERY)},
        Timeout=60,
    )
    return name


@pytest.mark.parametrize("limit", [0.5, -1.0])
def test_automated_retraining_branches_on_the_first_metric(
    run: Run, account: Account, estimator: SKLearn, train: str, limit: float
) -> None:
    fit = steps.TrainingStep(
        "Train", estimator=estimator, data={"train": train}, job_name=unique("fit")
    )
    query = steps.LambdaStep(
        "Query",
        parameters={
            "FunctionName": query_function(account),
            "Payload": {"TrainingJobName.$": "$.TrainingJobName"},
        },
    )
    error = query.output()["Payload"]["trainingMetrics"][0]["Value"]
    check = steps.Choice("Good enough?")
    rule = steps.ChoiceRule.NumericLessThan(variable=error, value=limit)
    check.add_choice(rule, steps.Pass("Register", result="registered"))
    check.default_choice(steps.Fail("Too bad", error="ModelAccuracyTooLow"))

    ended = run(fit, query, check)

    end = ("registered", None) if limit > 0 else (None, "ModelAccuracyTooLow")
    assert (ended["output"], ended.get("error")) == end


def test_a_model_is_made_and_two_trainings_run_side_by_side(
    run: Run, account: Account, estimator: SKLearn, train: str
) -> None:
    name = unique("model")
    job = unique("fit")
    fit = steps.TrainingStep("Train", estimator=estimator, data={"train": train}, job_name=job)
    model = steps.ModelStep("Model", model=fit.get_expected_model(), model_name=name)
    both = steps.Parallel("Both")
    for side in ("left", "right"):
        both.add_branch(
            steps.TrainingStep(
                side, estimator=estimator, data={"train": train}, job_name=unique(side)
            )
        )

    ended = run(fit, model, both)

    assert ended["status"] == "SUCCEEDED", ended
    assert [job["TrainingJobStatus"] for job in ended["output"]] == ["Completed", "Completed"]
    made = account.sagemaker.describe_model(ModelName=name)["PrimaryContainer"]
    assert Path(made["ModelDataUrl"]).name == "model.tar.gz"
