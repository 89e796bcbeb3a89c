"""The limits of Step Functions: how much a state may hold, and how often one failure is resumed."""

import json
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.e2e.pipeline import Pipeline
from tests.faults.light import doing_nothing, upload
from tests.functional.local_aws.stepfunctions.test_executions import LIMIT, create, echo, ended
from tests.functional.sagemaker_requests import Account, unique

SAME = ("Same", {"Type": "Pass", "End": True})
AT_ONCE = 8


@pytest.mark.parametrize(
    ("size", "status", "error"),
    [(LIMIT, "SUCCEEDED", None), (LIMIT + 1, "FAILED", "States.DataLimitExceeded")],
)
def test_a_payload_of_262144_bytes_passes_and_one_more_is_beyond_the_limit(
    account: Account, chance: random.Random, size: int, status: str, error: str | None
) -> None:
    given = {"x": _text(chance, size - len('{"twice_as_long":""}'))}
    machine = create(account.states, echo(**{"twice_as_long.$": "$.x"}))
    started = account.states.start_execution(stateMachineArn=machine, input=_compact(given))

    execution = ended(account.states, started["executionArn"])

    assert (execution["status"], execution.get("error")) == (status, error)


def test_an_input_of_262144_bytes_passes_and_one_more_is_refused(
    account: Account, chance: random.Random
) -> None:
    machine = create(account.states, SAME)
    text = "".join(chance.choices("abc", k=LIMIT - 2))

    started = account.states.start_execution(stateMachineArn=machine, input=f'"{text}"')
    with pytest.raises(ClientError, match="length less than or equal to 262144") as refused:
        account.states.start_execution(stateMachineArn=machine, input=f'"{text}x"')

    assert refused.value.response["Error"]["Code"] == "ValidationException"
    execution = ended(account.states, started["executionArn"])
    assert (execution["status"], execution["output"]) == ("SUCCEEDED", f'"{text}"')
    assert len(account.states.list_executions(stateMachineArn=machine)["executions"]) == 1


@pytest.mark.parametrize("token", [False, True], ids=["twice", "twice with one token"])
def test_of_redrives_at_once_one_resumes_and_repeats_no_finished_state(
    light_pipeline: Pipeline, digits: Path, chance: random.Random, token: bool
) -> None:
    dataset = unique("resumed")
    with doing_nothing(light_pipeline):
        upload(light_pipeline, digits, dataset)
    before = light_pipeline.model_packages()
    arn = light_pipeline.start({"dataset": dataset, "hyperparameters": {"fault": "fails"}})
    failed = light_pipeline.end_of(arn)
    assert "until the execution is redriven" in json.loads(failed["cause"])["ExitMessage"]
    before_the_redrive = _entered(light_pipeline, arn)
    assert before_the_redrive[-1] == "Evaluate"

    request = {"executionArn": arn} | ({"clientToken": unique("token")} if token else {})
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda _: _redrive(light_pipeline, request), range(AT_ONCE)))

    dates = [answer for answer in answers if not isinstance(answer, str)]
    package = light_pipeline.registered(arn)
    execution = light_pipeline.end_of(arn)
    assert execution["redriveCount"] == 1
    assert set(dates) == {execution["redriveDate"]}
    assert len(dates) == (AT_ONCE if token else 1)
    assert all("RUNNING" in answer for answer in answers if isinstance(answer, str))
    entered = _entered(light_pipeline, arn)
    following = ["CheckMetrics", "QualityGate", "RegisterModel", "Registered"]
    assert entered == [*before_the_redrive, *following]
    run = execution["name"]
    jobs = light_pipeline.sagemaker.list_processing_jobs(NameContains=run)
    names = [job["ProcessingJobName"].removeprefix(run) for job in jobs["ProcessingJobSummaries"]]
    assert sorted(names) == ["-evaluate-0-0", "-evaluate-0-1", "-evaluate-1-0", "-preprocess-0-0"]
    assert set(light_pipeline.model_packages()) - set(before) == {package["ModelPackageArn"]}


def _redrive(pipeline: Pipeline, request: dict[str, Any]) -> Any:
    """Redrive an execution; return when that was, or why it was refused."""
    try:
        return pipeline.states.redrive_execution(**request)["redriveDate"]
    except pipeline.states.exceptions.ExecutionNotRedrivable as error:
        return str(error)


def _entered(pipeline: Pipeline, arn: str) -> list[str]:
    """Return the states that the execution entered, in order."""
    pages = pipeline.states.get_paginator("get_execution_history").paginate(executionArn=arn)
    events = [event for page in pages for event in page["events"]]
    return [e["stateEnteredEventDetails"]["name"] for e in events if "Entered" in e["type"]]


def _text(chance: random.Random, size: int) -> str:
    """Return a text of that many bytes in UTF-8, of characters of one to four bytes each."""
    text = "".join(chance.choices("aé€😀", k=size // 4 - 1))
    return text + "x" * (size - len(text.encode()))


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
