"""Faults on request, as boto3 clients meet them."""

import json
import re
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError

import pytest
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    IncompleteReadError,
    ResponseStreamingError,
)

from lambdas.runs.ledger import Ledger
from local_aws.client import EmbeddedAws
from tests.functional.faults import Faults
from tests.functional.local_aws.stepfunctions.test_executions import run
from tests.functional.sagemaker_requests import Account, training, unique

ONCE = Config(retries={"mode": "standard", "total_max_attempts": 1}, read_timeout=5)
PATIENT = Config(retries={"mode": "standard", "total_max_attempts": 3})


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    """A server of its own: the faults would strike the other tests too."""
    with EmbeddedAws(tmp_path_factory.mktemp("aws")) as aws:
        yield aws


@pytest.fixture
def faults(aws: EmbeddedAws) -> Iterator[Faults]:
    faults = Faults(aws)
    yield faults
    faults.clear()


@pytest.fixture
def bucket(aws: EmbeddedAws) -> str:
    name = unique("bucket")
    aws.client("s3").create_bucket(Bucket=name)
    return name


def keys(aws: EmbeddedAws, bucket: str) -> list[str]:
    listed = aws.client("s3").list_objects_v2(Bucket=bucket)
    return [item["Key"] for item in listed.get("Contents", [])]


def test_nothing_fails_unless_it_is_asked_for(aws: EmbeddedAws, faults: Faults) -> None:
    assert faults.rules() == []
    faults.set({"call": "s3/*", "kind": "error", "rate": 0})

    aws.client("s3", config=ONCE).list_buckets()
    aws.client("sqs", config=ONCE).list_queues()

    (rule,) = faults.rules()
    assert rule == {
        **{"call": "s3/*", "kind": "error", "rate": 0.0, "seed": 0},
        **{"calls": 1, "strikes": 0},
    }


@pytest.mark.parametrize(
    ("fault", "answer"),
    [
        (("s3/PutObject", "error"), (500, "InternalError")),
        (("s3/PutObject", "throttle"), (503, "SlowDown")),
        (("sagemaker/ListTrainingJobs", "error"), (500, "InternalFailure")),
        (("sagemaker/ListTrainingJobs", "throttle"), (400, "ThrottlingException")),
        (("stepfunctions/ListStateMachines", "throttle"), (400, "ThrottlingException")),
        (("lambda/ListFunctions", "error"), (500, "InternalFailure")),
        (("lambda/ListFunctions", "throttle"), (429, "TooManyRequestsException")),
        (("sns/ListTopics", "error"), (500, "InternalFailure")),
        (("sns/ListTopics", "throttle"), (400, "Throttling")),
        (("sqs/ListQueues", "throttle"), (400, "ThrottlingException")),
    ],
)
def test_a_call_is_refused_in_its_own_protocol_before_anything_is_done(
    aws: EmbeddedAws, faults: Faults, bucket: str, fault: tuple[str, str], answer: tuple[int, str]
) -> None:
    call, kind = fault
    service, operation = call.split("/")
    request = {"Bucket": bucket, "Key": "key", "Body": b"x" * 5_000_000} if service == "s3" else {}
    faults.set({"call": call, "kind": kind})

    with pytest.raises(ClientError) as refused:
        _call(aws, service, operation, request, ONCE)

    error, metadata = (refused.value.response[part] for part in ("Error", "ResponseMetadata"))
    assert (metadata["HTTPStatusCode"], error["Code"]) == answer
    assert keys(aws, bucket) == []
    # Every SDK takes it for something that may pass.
    faults.set({"call": call, "kind": kind, "times": 1})
    done = _call(aws, service, operation, request, PATIENT)
    assert done["ResponseMetadata"]["RetryAttempts"] == 1


def test_a_conflict_strikes_conditional_writes_alone(
    aws: EmbeddedAws, faults: Faults, bucket: str
) -> None:
    s3 = aws.client("s3", config=ONCE)
    faults.set({"call": "s3/*", "kind": "conflict", "times": 1})
    s3.put_object(Bucket=bucket, Key="other")
    s3.list_objects_v2(Bucket=bucket)

    with pytest.raises(ClientError) as refused:
        s3.put_object(Bucket=bucket, Key="key", IfNoneMatch="*")

    error, metadata = (refused.value.response[part] for part in ("Error", "ResponseMetadata"))
    assert metadata["HTTPStatusCode"] == 409
    assert error["Code"] == "ConditionalRequestConflict"
    assert keys(aws, bucket) == ["other"]
    s3.put_object(Bucket=bucket, Key="key", IfNoneMatch="*")
    assert keys(aws, bucket) == ["key", "other"]


def test_the_ledger_enters_an_execution_in_spite_of_conflicts(
    aws: EmbeddedAws, faults: Faults, bucket: str
) -> None:
    faults.set({"call": "s3/PutObject", "kind": "conflict", "times": 2})
    ledger = Ledger(aws.client("s3", config=ONCE), bucket)
    assert ledger.enter("arn:aws:states:us-east-1:1:execution:m:digits-1", {}, starter="a")
    (rule,) = faults.rules()
    assert rule["strikes"] == 2


def test_a_head_request_is_refused_without_a_body(
    aws: EmbeddedAws, faults: Faults, bucket: str
) -> None:
    faults.set({"call": "s3/HeadBucket", "kind": "throttle"})

    with pytest.raises(ClientError, match="503"):
        aws.client("s3", config=ONCE).head_bucket(Bucket=bucket)


def test_a_reset_does_nothing_and_a_lost_reply_leaves_it_done(
    aws: EmbeddedAws, faults: Faults, bucket: str
) -> None:
    s3 = aws.client("s3", config=ONCE)
    for kind, left in (("reset", []), ("lost-reply", ["lost-reply"])):
        faults.set({"call": "s3/PutObject", "kind": kind})
        with pytest.raises(BotoCoreError) as failed:
            s3.put_object(Bucket=bucket, Key=kind, Body=b"x" * 5_000_000)
        assert isinstance(failed.value, ConnectionClosedError)
        assert keys(aws, bucket) == left


def test_a_late_answer_comes_after_the_work(aws: EmbeddedAws, faults: Faults, bucket: str) -> None:
    faults.set({"call": "s3/PutObject", "kind": "delay", "seconds": 20})

    with pytest.raises(BotoCoreError, match="Read timeout"):
        aws.client("s3", config=ONCE.merge(Config(read_timeout=0.5))).put_object(
            Bucket=bucket, Key="late", Body=b"x"
        )

    assert keys(aws, bucket) == ["late"]


def test_an_answer_is_cut_in_the_middle(aws: EmbeddedAws, faults: Faults, bucket: str) -> None:
    content = bytes(1_000_000)
    s3 = aws.client("s3", config=ONCE)
    s3.put_object(Bucket=bucket, Key="key", Body=content)
    faults.set({"call": "s3/GetObject", "kind": "truncate"})

    answer = s3.get_object(Bucket=bucket, Key="key")

    assert answer["ContentLength"] == len(content)
    with pytest.raises((IncompleteReadError, ResponseStreamingError)):
        answer["Body"].read()


def test_the_same_seed_strikes_the_same_calls(aws: EmbeddedAws, faults: Faults) -> None:
    assert _struck(aws, faults, 1) == _struck(aws, faults, 1) != _struck(aws, faults, 2)


def test_a_rule_strikes_as_often_as_it_says(aws: EmbeddedAws, faults: Faults) -> None:
    sns = aws.client("sns", config=ONCE)
    faults.set({"call": "sns/*", "kind": "reset", "times": 2})

    for _ in range(2):
        with pytest.raises(ConnectionClosedError):
            sns.list_topics()
    sns.list_topics()

    (rule,) = faults.rules()
    assert (rule["calls"], rule["strikes"]) == (3, 2)


def test_a_presigned_url_is_a_call_too(aws: EmbeddedAws, faults: Faults, bucket: str) -> None:
    s3 = aws.client("s3", config=Config(signature_version="s3v4"))
    s3.put_object(Bucket=bucket, Key="key", Body=b"x")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "key"})
    faults.set({"call": "s3/GetObject", "kind": "throttle"})

    with pytest.raises(HTTPError, match="503"):
        urllib.request.urlopen(url)


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ("no json", "rules: Invalid JSON"),
        ({"call": "s3/*"}, "rules: Input should be a valid"),
        ([{"kind": "reset"}], "rule 1: call: Field required"),
        ([{"call": "s3", "kind": "reset"}], "rule 1: call: .*s3/PutObject.*, found 's3'"),
        ([{"call": "s4/*", "kind": "reset"}], "rule 1: call: .*no service.*, found 's4/\\*'"),
        (
            [{"call": "*/*", "kind": "reset"}, {"call": "s3/PutObjct", "kind": "reset"}],
            "rule 2: call: .*s3 has no such operation, found 's3/PutObjct'",
        ),
        ([{"call": "*/*", "kind": "fire"}], "rule 1: kind: .*'lost-reply'.*, found 'fire'"),
        ([{"call": "sqs/*", "kind": "conflict"}], "rule 1: .*expected a call of s3"),
        ([{"call": "*/*", "kind": "reset", "rate": 50}], "rule 1: rate: .* equal to 1, found 50"),
        ([{"call": "*/*", "kind": "reset", "times": 0}], "rule 1: times: .*, found 0"),
        ([{"call": "*/*", "kind": "reset", "speed": 1}], "rule 1: speed: Extra inputs.*found 1"),
        ([{"call": "*/*", "kind": "delay"}], "rule 1: .*expected `seconds`"),
        ([{"call": "*/*", "kind": "reset", "seconds": 1}], "rule 1: .*expected `seconds`"),
        ([{"call": "iam/*", "kind": "stale"}], "rule 1: .*expected `seconds`"),
        ([{"call": "iam/*", "kind": "stale", "seconds": 4e3}], "rule 1: .*at most 3600 seconds"),
        ([{"call": "s3/*", "kind": "stale", "seconds": 1}], "rule 1: .*one of .*iam/GetRole"),
    ],
)
def test_rules_that_cannot_be_used_are_refused_and_the_others_stay(
    aws: EmbeddedAws, faults: Faults, rules: Any, said: str
) -> None:
    faults.set({"call": "sns/*", "kind": "reset"})
    body = rules if isinstance(rules, str) else json.dumps(rules)

    with pytest.raises(HTTPError) as refused:
        faults.send("PUT", body.encode())

    assert refused.value.code == 400
    message = json.load(refused.value)["message"]
    assert "\n" not in message
    assert re.search(said, message), message
    assert [rule["call"] for rule in faults.rules()] == ["sns/*"]


def test_a_job_asks_for_its_data_until_it_is_there(aws: EmbeddedAws, faults: Faults) -> None:
    account, name = Account(aws), unique("patient")
    account.put("patient/a.txt", "here")
    request = account.processing(name, "true", inputs={"in": account.uri("patient")})
    faults.set({"call": "s3/GetObject", "kind": "lost-reply", "times": 4})

    account.sagemaker.create_processing_job(**request)

    assert account.ended_processing(name)["ProcessingJobStatus"] == "Completed"
    assert [rule["strikes"] for rule in faults.rules()] == [4]


def test_a_state_waits_for_the_job_whose_creation_lost_its_reply(
    aws: EmbeddedAws, faults: Faults
) -> None:
    account, name = Account(aws), unique("lost")
    request = training(name, account.uri("models"), "echo once")
    faults.set({"call": "sagemaker/CreateTrainingJob", "kind": "lost-reply", "times": 1})

    execution = _run(aws, "arn:aws:states:::sagemaker:createTrainingJob.sync", request)

    assert execution["status"] == "SUCCEEDED", execution
    assert json.loads(execution["output"])["TrainingJobStatus"] == "Completed"
    assert [rule["calls"] for rule in faults.rules()] == [2]


def test_a_state_does_not_take_over_a_job_that_was_there_before(
    aws: EmbeddedAws, faults: Faults
) -> None:
    account, name = Account(aws), unique("taken")
    request = training(name, account.uri("models"), "echo once")
    account.sagemaker.create_training_job(**request)
    faults.set({"call": "sagemaker/CreateTrainingJob", "kind": "error", "times": 1})

    execution = _run(aws, "arn:aws:states:::sagemaker:createTrainingJob.sync", request)

    assert execution["error"] == "SageMaker.ResourceInUseException"


@pytest.mark.parametrize(
    ("integration", "operation", "error"),
    [
        ("lambda:invoke", "lambda/Invoke", "Lambda.SdkClientException"),
        ("aws-sdk:sagemaker:listTrainingJobs", "sagemaker/*", "SageMaker.SdkClientException"),
    ],
)
def test_a_state_tries_three_times_to_reach_a_service(
    aws: EmbeddedAws, faults: Faults, integration: str, operation: str, error: str
) -> None:
    faults.set({"call": operation, "kind": "reset"})
    parameters = {"FunctionName": "any"} if integration == "lambda:invoke" else {}

    execution = _run(aws, f"arn:aws:states:::{integration}", parameters)

    assert (execution["status"], execution["error"]) == ("FAILED", error)
    assert [rule["strikes"] for rule in faults.rules()] == [3]


def _run(aws: EmbeddedAws, resource: str, parameters: dict[str, Any]) -> Any:
    """Run one task to its end; return the execution."""
    task = {"Type": "Task", "Resource": resource, "Parameters": parameters, "End": True}
    return run(aws.client("stepfunctions"), ("Task", task))


def _struck(aws: EmbeddedAws, faults: Faults, seed: int) -> list[bool]:
    sns = aws.client("sns", config=ONCE)
    faults.set({"call": "sns/ListTopics", "kind": "error", "rate": 0.5, "seed": seed})
    struck = []
    for _ in range(20):
        try:
            sns.list_topics()
        except ClientError:
            struck.append(True)
        else:
            struck.append(False)
    return struck


def _call(
    aws: EmbeddedAws, service: str, operation: str, request: dict[str, Any], config: Config
) -> Any:
    client = aws.client(service, config=config)
    (method,) = [
        python for python, name in client.meta.method_to_api_mapping.items() if name == operation
    ]
    return getattr(client, method)(**request)
