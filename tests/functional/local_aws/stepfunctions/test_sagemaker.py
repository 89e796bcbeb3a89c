"""State machines that run SageMaker jobs, through boto3."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.client import EmbeddedAws
from tests.functional.sagemaker_requests import Account, training, unique
from tests.support.gate import Gate
from tests.support.roles import ROLE
from tests.support.waiting import eventually

PROCESS = "arn:aws:states:::sagemaker:createProcessingJob.sync"
TRAIN = "arn:aws:states:::sagemaker:createTrainingJob.sync"


@pytest.fixture(scope="module")
def account(embedded_aws: EmbeddedAws) -> Account:
    return Account(embedded_aws)


def task(resource: str, parameters: dict[str, Any], **more: Any) -> dict[str, Any]:
    state = {"Type": "Task", "Resource": resource, "Parameters": parameters, "End": True}
    return {"StartAt": "Job", "States": {"Job": {**state, **more}}}


def start(account: Account, definition: dict[str, Any], given: Any = None) -> str:
    """Create a machine and start it; return the execution's ARN."""
    machine = account.states.create_state_machine(
        name=unique("machine"), definition=json.dumps(definition), roleArn=ROLE
    )["stateMachineArn"]
    started = account.states.start_execution(
        stateMachineArn=machine, input=json.dumps(given or {}), name=unique("run")
    )
    return str(started["executionArn"])


def ended(account: Account, arn: str) -> Any:
    def look() -> Any:
        execution = account.states.describe_execution(executionArn=arn)
        return None if execution["status"] == "RUNNING" else execution

    return eventually(look)


def events(account: Account, arn: str) -> list[dict[str, Any]]:
    history = account.states.get_execution_history(executionArn=arn)["events"]
    return list(history)


def types(account: Account, arn: str) -> list[str]:
    return [event["type"] for event in events(account, arn)]


def test_a_processing_job_is_run_and_described(account: Account) -> None:
    name = unique("process")
    tags = [{"Key": "team", "Value": "vision"}]
    definition = task(PROCESS, account.processing(name, "echo ran", Tags=tags))

    arn = start(account, definition)

    execution = ended(account, arn)
    assert execution["status"] == "SUCCEEDED", execution
    output = json.loads(execution["output"])
    described = account.sagemaker.describe_processing_job(ProcessingJobName=name)
    assert output["ProcessingJobName"] == name
    assert output["ProcessingJobStatus"] == "Completed"
    assert output["ProcessingEndTime"] == described["ProcessingEndTime"].timestamp() * 1000
    assert output["Tags"]["team"] == "vision"
    assert output["Tags"]["MANAGED_BY_AWS"] == "STARTED_BY_STEP_FUNCTIONS"
    assert "ResponseMetadata" not in output
    assert types(account, arn) == [
        *("ExecutionStarted", "TaskStateEntered", "TaskScheduled", "TaskStarted"),
        *("TaskSubmitted", "TaskSucceeded", "TaskStateExited", "ExecutionSucceeded"),
    ]
    submitted = events(account, arn)[4]["taskSubmittedEventDetails"]
    assert submitted["resource"] == "createProcessingJob.sync"
    assert submitted["resourceType"] == "sagemaker"
    said = json.loads(submitted["output"])
    assert said["ProcessingJobArn"] == output["ProcessingJobArn"]
    assert said["SdkHttpMetadata"]["HttpStatusCode"] == 200


def test_names_and_hyperparameters_come_from_the_input(account: Account) -> None:
    name = unique("run")
    script = "cp $SAGEMAKER_BASE_DIR/input/config/hyperparameters.json $SAGEMAKER_BASE_DIR/model"
    parameters = training("", account.uri("models"), script)
    del parameters["TrainingJobName"]
    definition = task(
        TRAIN,
        {
            **parameters,
            "TrainingJobName.$": (
                "States.Format('{}-train-{}-{}', $.run, $$.State.RetryCount, "
                "$$.Execution.RedriveCount)"
            ),
            "HyperParameters.$": "$.hyperparameters",
        },
        ResultSelector={"model.$": "$.ModelArtifacts.S3ModelArtifacts"},
        ResultPath="$.training",
    )

    execution = ended(
        account, start(account, definition, {"run": name, "hyperparameters": {"epochs": "4"}})
    )

    assert execution["status"] == "SUCCEEDED", execution
    assert json.loads(execution["output"])["training"] == {
        "model": account.uri(f"models/{name}-train-0-0/output/model.tar.gz")
    }


def test_a_failed_job_fails_the_task_with_its_description(account: Account) -> None:
    definition = task(PROCESS, account.processing(unique("fail"), "exit 1"))

    arn = start(account, definition)

    execution = ended(account, arn)
    assert execution["status"] == "FAILED"
    assert execution["error"] == "States.TaskFailed"
    cause = json.loads(execution["cause"])
    assert cause["ProcessingJobStatus"] == "Failed"
    assert cause["FailureReason"].startswith("AlgorithmError")
    assert isinstance(cause["CreationTime"], int)
    assert types(account, arn)[4:] == ["TaskSubmitted", "TaskFailed", "ExecutionFailed"]


def test_a_retry_gets_a_fresh_name(account: Account) -> None:
    name = unique("again")
    parameters = account.processing(name, "case $PROCESSING_JOB_NAME in *-0) exit 1;; esac")
    del parameters["ProcessingJobName"]
    parameters["ProcessingJobName.$"] = f"States.Format('{name}-{{}}', $$.State.RetryCount)"
    retry = {
        "ErrorEquals": ["States.TaskFailed"],
        "IntervalSeconds": 1,
        "MaxAttempts": 2,
        "BackoffRate": 2,
        "MaxDelaySeconds": 5,
        "JitterStrategy": "FULL",
    }

    execution = ended(account, start(account, task(PROCESS, parameters, Retry=[retry])))

    assert execution["status"] == "SUCCEEDED", execution
    assert json.loads(execution["output"])["ProcessingJobName"] == f"{name}-1"


def test_a_taken_name_fails_the_submission(account: Account) -> None:
    name = unique("taken")
    request = account.processing(name, "true")
    account.sagemaker.create_processing_job(**request)

    arn = start(account, task(PROCESS, request))

    execution = ended(account, arn)
    assert execution["error"] == "SageMaker.ResourceInUseException"
    assert "(Service: AmazonSageMaker; Status Code: 400;" in execution["cause"]
    assert types(account, arn)[4:] == ["TaskSubmitFailed", "ExecutionFailed"]


def test_an_invalid_request_is_an_amazon_sagemaker_exception(account: Account) -> None:
    request = account.processing(unique("bad"), "true")
    request["ProcessingJobName"] = "not a name"

    execution = ended(account, start(account, task(PROCESS, request)))

    assert execution["error"] == "SageMaker.AmazonSageMakerException"
    assert "Error Code: ValidationException" in execution["cause"]


def test_an_unknown_field_is_refused(account: Account) -> None:
    request = {**account.processing(unique("field"), "true"), "ProcesingInputs": []}

    execution = ended(account, start(account, task(PROCESS, request)))

    assert execution["status"] == "FAILED"
    assert "ProcesingInputs" in execution["cause"]


def test_an_action_that_is_not_integrated_is_no_definition(account: Account) -> None:
    with pytest.raises(ClientError) as refused:
        start(account, task("arn:aws:states:::sagemaker:createSomething.sync", {}))

    assert refused.value.response["Error"]["Code"] == "InvalidDefinition"


def test_stopping_the_execution_stops_the_job(account: Account) -> None:
    name = unique("stop")
    arn = start(
        account, task(PROCESS, account.processing(name, "echo ready; while true; do sleep 1; done"))
    )
    eventually(lambda: "ready" in account.job_log(name))

    stopped = account.states.stop_execution(
        executionArn=arn, error="Operator", cause="no longer needed"
    )

    execution = account.states.describe_execution(executionArn=arn)
    assert execution["status"] == "ABORTED"
    assert (execution["error"], execution["cause"]) == ("Operator", "no longer needed")
    assert execution["stopDate"] == stopped["stopDate"]
    assert account.ended_processing(name)["ProcessingJobStatus"] == "Stopped"
    eventually(lambda: types(account, arn)[4:] == ["TaskSubmitted", "ExecutionAborted"])
    assert account.states.describe_execution(executionArn=arn)["status"] == "ABORTED"


def test_a_task_over_its_time_is_a_timeout_and_the_job_runs_on(account: Account) -> None:
    name = unique("timeout")
    gate = Gate()
    arn = start(account, task(PROCESS, account.processing(name, gate.shell), TimeoutSeconds=1))

    execution = ended(account, arn)

    assert (execution["status"], execution["error"]) == ("FAILED", "States.Timeout")
    assert "TaskTimedOut" in types(account, arn)
    status = account.sagemaker.describe_processing_job(ProcessingJobName=name)
    assert status["ProcessingJobStatus"] == "InProgress"
    gate.open()
    assert account.ended_processing(name)["ProcessingJobStatus"] == "Completed"


def test_without_sync_the_task_ends_when_the_job_exists(account: Account) -> None:
    name = unique("submit")
    definition = task(PROCESS.removesuffix(".sync"), account.processing(name, "true"))

    execution = ended(account, start(account, definition))

    assert sorted(json.loads(execution["output"])) == [
        *("ProcessingJobArn", "SdkHttpMetadata", "SdkResponseMetadata"),
    ]
    assert account.ended_processing(name)["ProcessingJobStatus"] == "Completed"


def test_a_job_that_ends_is_noticed_at_once(account: Account) -> None:
    name = unique("prompt")
    arn = start(account, task(PROCESS, account.processing(name, "true")))

    ended(account, arn)

    job = account.sagemaker.describe_processing_job(ProcessingJobName=name)
    [succeeded] = [e for e in events(account, arn) if e["type"] == "TaskSucceeded"]
    assert (succeeded["timestamp"] - job["ProcessingEndTime"]).total_seconds() < 0.4


def test_a_model_package_is_registered_once(account: Account) -> None:
    group = unique("group")
    account.sagemaker.create_model_package_group(ModelPackageGroupName=group)
    definition = task(
        "arn:aws:states:::aws-sdk:sagemaker:createModelPackage",
        {
            "ModelPackageGroupName": group,
            "ClientToken.$": "$.token",
            "CustomerMetadataProperties.$": "$.metadata",
            "InferenceSpecification": {
                "Containers": [{"Image": "image", "ModelDataUrl.$": "$.model"}],
                "SupportedContentTypes": ["application/json"],
                "SupportedResponseMIMETypes": ["application/json"],
            },
        },
    )
    given = {"token": unique("token"), "metadata": {"run_id": "one"}, "model": "s3://b/m.tar.gz"}

    outputs = [
        json.loads(ended(account, start(account, definition, given))["output"]) for _ in range(2)
    ]

    assert outputs[0] == outputs[1]
    [arn] = outputs[0].values()
    assert list(outputs[0]) == ["ModelPackageArn"]
    package = account.sagemaker.describe_model_package(ModelPackageName=arn)
    assert package["InferenceSpecification"]["Containers"][0]["ModelDataUrl"] == "s3://b/m.tar.gz"
    assert package["CustomerMetadataProperties"] == {"run_id": "one"}


def test_an_error_of_the_sdk_integration_is_named_as_on_aws(account: Account) -> None:
    definition = task(
        "arn:aws:states:::aws-sdk:sagemaker:describeModelPackage",
        {"ModelPackageName": "unknown"},
    )

    execution = ended(account, start(account, definition))

    assert execution["error"] == "SageMaker.SageMakerException"
