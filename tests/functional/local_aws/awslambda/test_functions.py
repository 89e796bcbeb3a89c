"""Deployed functions run from their zip, with what AWS gives them and nothing else."""

import base64
import json
import re
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest
from botocore.exceptions import ClientError

from local_aws.client import EmbeddedAws
from tests.faults.containers import kill_function
from tests.faults.leaks import job_processes
from tests.functional.conftest import Deploy, zipped
from tests.support.waiting import eventually


def call(aws: EmbeddedAws, name: str, event: object = None, **options: object) -> dict:
    """Invoke the function; return Invoke's answer with the payload read and parsed."""
    answer = aws.client("lambda").invoke(
        FunctionName=name, Payload=json.dumps(event or {}), **options
    )
    answer["Payload"] = json.loads(answer["Payload"].read() or "null")
    return answer


def log_lines(aws: EmbeddedAws, name: str) -> list[str]:
    """Return the messages in the function's log group."""
    client = aws.client("logs")
    try:
        events = client.filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
    except client.exceptions.ResourceNotFoundException:
        return []
    return [event["message"].rstrip("\n") for event in events]


def test_result_is_what_the_handler_returns(embedded_aws: EmbeddedAws, deploy: Deploy) -> None:
    name = deploy("def handler(event, context):\n    return {'seen': event}\n")
    answer = call(embedded_aws, name, {"text": "größer"})
    assert answer["StatusCode"] == 200
    assert answer["ExecutedVersion"] == "$LATEST"
    assert "FunctionError" not in answer
    assert answer["Payload"] == {"seen": {"text": "größer"}}


def test_environment_is_what_aws_gives(embedded_aws: EmbeddedAws, deploy: Deploy) -> None:
    name = deploy(
        "import os\ndef handler(event, context):\n    return dict(os.environ)\n",
        Environment={"Variables": {"COLOUR": "blue"}},
    )
    environment = call(embedded_aws, name)["Payload"]
    assert environment["COLOUR"] == "blue"
    assert environment["AWS_ENDPOINT_URL"] == embedded_aws.endpoint
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == name
    assert environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "256"
    assert environment["TZ"] == ":UTC"
    for leaked in ("HOME", "PYTHONPATH", "VIRTUAL_ENV", "PWD", "MOTO_PORT", "USER"):
        assert leaked not in environment


def test_only_the_zip_and_awss_runtime_can_be_imported(
    embedded_aws: EmbeddedAws, deploy: Deploy
) -> None:
    name = deploy(
        "import importlib\n"
        "def handler(event, context):\n"
        "    found = []\n"
        "    for name in event:\n"
        "        try:\n"
        "            found.append(importlib.import_module(name).__name__)\n"
        "        except ImportError:\n"
        "            pass\n"
        "    return found\n"
    )
    not_there = ["numpy", "moto", "local_aws", "lambdas", "state_machine", "chalice", "pytest"]
    there = ["app", "json", "boto3", "botocore", "s3transfer", "dateutil", "urllib3", "jmespath"]
    assert call(embedded_aws, name, not_there + there)["Payload"] == there


def test_function_reaches_the_embedded_aws(embedded_aws: EmbeddedAws, deploy: Deploy) -> None:
    embedded_aws.client("s3").create_bucket(Bucket="seen-by-function")
    name = deploy(
        "import boto3\n"
        "def handler(event, context):\n"
        "    return [b['Name'] for b in boto3.client('s3').list_buckets()['Buckets']]\n"
    )
    assert "seen-by-function" in call(embedded_aws, name)["Payload"]


def test_context_tells_of_the_invocation(embedded_aws: EmbeddedAws, deploy: Deploy) -> None:
    name = deploy(
        "def handler(event, context):\n"
        "    return [context.aws_request_id, context.invoked_function_arn, context.function_name,\n"
        "            context.memory_limit_in_mb, context.get_remaining_time_in_millis()]\n"
    )
    answer = call(embedded_aws, name)
    request_id, arn, function_name, memory, remaining = answer["Payload"]
    assert request_id == answer["ResponseMetadata"]["RequestId"]
    assert arn == f"arn:aws:lambda:us-east-1:123456789012:function:{name}"
    assert (function_name, memory) == (name, "256")
    assert 5_000 < remaining <= 10_000


def test_exception_is_a_function_error(embedded_aws: EmbeddedAws, deploy: Deploy) -> None:
    name = deploy("def handler(event, context):\n    raise ValueError('no such colour')\n")
    answer = call(embedded_aws, name, LogType="Tail")
    assert answer["StatusCode"] == 200
    assert answer["FunctionError"] == "Unhandled"
    error = answer["Payload"]
    assert (error["errorType"], error["errorMessage"]) == ("ValueError", "no such colour")
    assert error["requestId"] == answer["ResponseMetadata"]["RequestId"]
    assert "line 2, in handler" in error["stackTrace"][0]
    assert "[ERROR] ValueError: no such colour" in base64.b64decode(answer["LogResult"]).decode()


def test_module_that_cannot_be_imported(embedded_aws: EmbeddedAws, deploy: Deploy) -> None:
    name = deploy("import nowhere_to_be_found\n")
    answer = call(embedded_aws, name)
    assert answer["FunctionError"] == "Unhandled"
    assert answer["Payload"]["errorType"] == "Runtime.ImportModuleError"
    assert "nowhere_to_be_found" in answer["Payload"]["errorMessage"]


def test_timeout_kills_the_process(embedded_aws: EmbeddedAws, deploy: Deploy) -> None:
    name = deploy(
        "import time\n"
        "count = 0\n"
        "def handler(event, context):\n"
        "    global count\n"
        "    count += 1\n"
        "    time.sleep(event.get('seconds', 0))\n"
        "    return count\n",
        Timeout=1,
    )
    assert call(embedded_aws, name)["Payload"] == 1
    answer = call(embedded_aws, name, {"seconds": 60}, LogType="Tail")
    request_id = answer["ResponseMetadata"]["RequestId"]
    assert answer["FunctionError"] == "Unhandled"
    assert answer["Payload"] == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {request_id} Error: Task timed out after 1.00 seconds",
    }
    log = base64.b64decode(answer["LogResult"]).decode()
    assert f"{request_id} Task timed out after 1.00 seconds" in log
    assert "Status: timeout" in log
    assert call(embedded_aws, name)["Payload"] == 1  # in a new process


def test_memory_beyond_the_setting_kills_the_process(
    embedded_aws: EmbeddedAws, deploy: Deploy
) -> None:
    name = deploy(
        "import time\n"
        "def handler(event, context):\n"
        "    held = bytearray(200_000_000)\n"
        "    time.sleep(event['seconds'])\n",
        MemorySize=128,
    )
    for seconds in (0, 60):  # seen afterwards by its peak, and while it runs
        error = call(embedded_aws, name, {"seconds": seconds})["Payload"]
        assert error["errorType"] == "Runtime.OutOfMemory"
        assert error["errorMessage"].endswith("Runtime exited with error: signal: killed")


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("os._exit(3)", "Runtime exited with error: exit status 3"),
        ("os._exit(0)", "Runtime exited without providing a reason"),
        ("os.kill(os.getpid(), 11)", "Runtime exited with error: signal: segmentation fault"),
    ],
)
def test_process_that_exits(
    embedded_aws: EmbeddedAws, deploy: Deploy, statement: str, reason: str
) -> None:
    name = deploy(f"import os\ndef handler(event, context):\n    {statement}\n")
    error = call(embedded_aws, name)["Payload"]
    assert error["errorType"] == "Runtime.ExitError"
    assert error["errorMessage"].endswith(f"Error: {reason}")


def test_process_is_kept_warm_until_code_or_configuration_change(
    embedded_aws: EmbeddedAws, deploy: Deploy
) -> None:
    client = embedded_aws.client("lambda")
    source = (
        "import os, uuid\n"
        "environment = str(uuid.uuid4())\n"
        "def handler(event, context):\n"
        "    return [environment, os.environ.get('COLOUR')]\n"
    )
    name = deploy(source)
    first = call(embedded_aws, name)["Payload"]
    assert call(embedded_aws, name)["Payload"] == first

    client.update_function_configuration(
        FunctionName=name, Environment={"Variables": {"COLOUR": "red"}}
    )
    second = call(embedded_aws, name)["Payload"]
    assert second[0] != first[0]
    assert second[1] == "red"

    client.update_function_code(FunctionName=name, ZipFile=zipped(app=source + "# changed\n"))
    assert call(embedded_aws, name)["Payload"][0] not in (first[0], second[0])
    folders = [path.name for path in (embedded_aws.data_folder / "lambdas" / name).iterdir()]
    assert len([folder for folder in folders if len(folder) == 64]) == 2


def test_warm_process_that_died_is_not_used_again(
    embedded_aws: EmbeddedAws, deploy: Deploy
) -> None:
    name = deploy("import os\ndef handler(event, context):\n    return os.getpid()\n")
    call(embedded_aws, name)
    running = job_processes(embedded_aws.data_folder / "lambdas" / name)
    kill_function(embedded_aws, name)
    psutil.wait_procs(running, timeout=10)

    assert isinstance(call(embedded_aws, name)["Payload"], int)


def test_concurrent_invocations_have_a_process_each(
    embedded_aws: EmbeddedAws, deploy: Deploy
) -> None:
    name = deploy(
        "import time, uuid\n"
        "environment = str(uuid.uuid4())\n"
        "def handler(event, context):\n"
        "    time.sleep(0.5)\n"
        "    return environment\n"
    )
    with ThreadPoolExecutor(3) as threads:
        found = list(threads.map(lambda _: call(embedded_aws, name)["Payload"], range(3)))
    assert len(set(found)) == 3


def test_log_group_holds_what_the_function_prints(
    embedded_aws: EmbeddedAws, deploy: Deploy
) -> None:
    name = deploy(
        "import logging\n"
        "def handler(event, context):\n"
        "    print('first')\n"
        "    logging.getLogger().warning('second')\n"
        "    print('unended', end='')\n"
    )
    request_id = call(embedded_aws, name)["ResponseMetadata"]["RequestId"]
    init, start, first, second, unended, end, report = log_lines(embedded_aws, name)
    assert init.startswith("INIT_START Runtime Version: python:3.")
    assert start == f"START RequestId: {request_id} Version: $LATEST"
    assert (first, unended) == ("first", "unended")
    assert second.startswith("[WARNING]\t")
    assert second.endswith(f"\t{request_id}\tsecond")
    assert end == f"END RequestId: {request_id}"
    assert report.startswith(f"REPORT RequestId: {request_id}\tDuration: ")
    assert "\tMemory Size: 256 MB\tMax Memory Used: " in report
    assert "\tInit Duration: " in report


def test_large_output_and_large_payloads(embedded_aws: EmbeddedAws, deploy: Deploy) -> None:
    name = deploy(
        "def handler(event, context):\n    print('x' * 1_000_000)\n    return 'y' * event['size']\n"
    )
    assert len(call(embedded_aws, name, {"size": 5_000_000})["Payload"]) == 5_000_000
    error = call(embedded_aws, name, {"size": 7_000_000})
    assert error["FunctionError"] == "Unhandled"
    assert error["Payload"]["errorType"] == "Function.ResponseSizeTooLarge"
    with pytest.raises(ClientError) as refused:
        call(embedded_aws, name, "z" * 6_291_456)
    assert refused.value.response["Error"]["Code"] == "RequestEntityTooLargeException"


def test_dry_run_runs_nothing(embedded_aws: EmbeddedAws, deploy: Deploy) -> None:
    name = deploy("def handler(event, context):\n    print('ran')\n")
    assert call(embedded_aws, name, InvocationType="DryRun")["StatusCode"] == 204
    groups = embedded_aws.client("logs").describe_log_groups(
        logGroupNamePrefix=f"/aws/lambda/{name}"
    )
    assert groups["logGroups"] == []


def test_unknown_function(embedded_aws: EmbeddedAws) -> None:
    for kind in ("RequestResponse", "Event"):
        with pytest.raises(ClientError) as refused:
            call(embedded_aws, "nobody", InvocationType=kind)
        assert refused.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_payload_that_is_not_json(embedded_aws: EmbeddedAws, deploy: Deploy) -> None:
    name = deploy("def handler(event, context):\n    return event\n")
    for payload, said in ((b"{", "Expecting"), (b'{"rate": NaN}', "rate: NaN")):
        with pytest.raises(ClientError, match=said) as refused:
            embedded_aws.client("lambda").invoke(FunctionName=name, Payload=payload)
        assert refused.value.response["Error"]["Code"] == "InvalidRequestContentException"


def test_code_that_is_no_zip_is_refused(embedded_aws: EmbeddedAws, deploy: Deploy) -> None:
    name = deploy("def handler(event, context):\n    return 'old'\n")
    with pytest.raises(ClientError) as refused:
        embedded_aws.client("lambda").update_function_code(FunctionName=name, ZipFile=b"no zip")
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValueException"
    assert call(embedded_aws, name)["Payload"] == "old"


def test_published_version_keeps_its_code(embedded_aws: EmbeddedAws, deploy: Deploy) -> None:
    client = embedded_aws.client("lambda")
    name = deploy("def handler(event, context):\n    return 'one'\n")
    version = client.publish_version(FunctionName=name)["Version"]
    changed = zipped(app="def handler(event, context):\n    return 'two'\n")
    client.update_function_code(FunctionName=name, ZipFile=changed)
    assert call(embedded_aws, name, Qualifier=version)["Payload"] == "one"
    assert call(embedded_aws, name)["Payload"] == "two"


def test_reserved_concurrency_throttles(embedded_aws: EmbeddedAws, deploy: Deploy) -> None:
    name = deploy("def handler(event, context):\n    return 1\n")
    client = embedded_aws.client("lambda")
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    with pytest.raises(ClientError) as refused:
        call(embedded_aws, name)
    assert refused.value.response["Error"]["Code"] == "TooManyRequestsException"


FAILS_AT_FIRST = """
import boto3
def handler(event, context):
    s3 = boto3.client("s3")
    tries = s3.list_objects_v2(Bucket=event["bucket"])["KeyCount"]
    s3.put_object(Bucket=event["bucket"], Key=f"{tries}-{context.aws_request_id}")
    if tries < event["failures"]:
        raise RuntimeError("not yet")
"""


@pytest.mark.parametrize(("failures", "attempts"), [(0, 1), (1, 2), (5, 3)])
def test_asynchronous_invocation_is_retried_twice(
    embedded_aws: EmbeddedAws, deploy: Deploy, failures: int, attempts: int
) -> None:
    name = deploy(FAILS_AT_FIRST)
    s3 = embedded_aws.client("s3")
    bucket = f"{name}-attempts"
    s3.create_bucket(Bucket=bucket)
    event = {"bucket": bucket, "failures": failures}
    answer = call(embedded_aws, name, event, InvocationType="Event")
    assert answer["StatusCode"] == 202

    def reports() -> bool:
        return sum(line.startswith("REPORT") for line in log_lines(embedded_aws, name)) == attempts

    eventually(reports)
    keys = [found["Key"] for found in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    request_id = answer["ResponseMetadata"]["RequestId"]
    assert keys == [f"{attempt}-{request_id}" for attempt in range(attempts)]
    if failures > 2:
        log = embedded_aws.data_folder / "server.log"
        eventually(lambda: f"event {request_id} for " in log.read_text())
        eventually(lambda: "dropped after 3 attempts" in log.read_text())


def test_throttled_event_waits_until_the_function_may_run(
    embedded_aws: EmbeddedAws, deploy: Deploy
) -> None:
    name = deploy("def handler(event, context):\n    print('ran')\n")
    client = embedded_aws.client("lambda")
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    call(embedded_aws, name, InvocationType="Event")
    client.delete_function_concurrency(FunctionName=name)
    eventually(lambda: "ran" in log_lines(embedded_aws, name))


def test_event_whose_function_is_killed_is_tried_again(
    embedded_aws: EmbeddedAws, deploy: Deploy
) -> None:
    name = deploy(
        "import time\n"
        "def handler(event, context):\n"
        "    print('begun', flush=True)\n"
        "    time.sleep(600)\n",
        Timeout=900,
    )
    call(embedded_aws, name, InvocationType="Event")

    for attempt in range(3):
        eventually(lambda: log_lines(embedded_aws, name).count("begun") > attempt)  # noqa: B023
        kill_function(embedded_aws, name)
    log = embedded_aws.data_folder / "server.log"
    dropped = f"{name} dropped after 3 attempts, RetriesExhausted: .*signal: killed"
    eventually(lambda: re.search(dropped, log.read_text()))


def test_step_functions_invoke_the_function(
    embedded_aws: EmbeddedAws, deploy: Deploy, role: str
) -> None:
    name = deploy(
        "class NoSuchColourError(Exception): pass\n"
        "def handler(event, context):\n"
        "    if event['colour'] == 'none': raise NoSuchColourError('none is no colour')\n"
        "    return {'painted': event['colour']}\n"
    )
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": name, "Payload.$": "$"},
        "OutputPath": "$.Payload",
        "Catch": [{"ErrorEquals": ["NoSuchColourError"], "Next": "Caught"}],
        "End": True,
    }
    definition = {"StartAt": "Paint", "States": {"Paint": state, "Caught": {"Type": "Succeed"}}}
    client = embedded_aws.client("stepfunctions")
    machine = client.create_state_machine(
        name=name, definition=json.dumps(definition), roleArn=role
    )["stateMachineArn"]

    def output(colour: str) -> object:
        arn = client.start_execution(stateMachineArn=machine, input=json.dumps({"colour": colour}))[
            "executionArn"
        ]
        eventually(lambda: client.describe_execution(executionArn=arn)["status"] == "SUCCEEDED")
        return json.loads(client.describe_execution(executionArn=arn)["output"])

    assert output("red") == {"painted": "red"}
    assert json.loads(output("none")["Cause"])["errorMessage"] == "none is no colour"
