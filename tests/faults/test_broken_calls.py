"""Calls to AWS that fail, get no answer, or only half of one: what is done is done once, or not."""

import random
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from lambdas.runs.causes import readable_cause
from operations.failed_events import queue
from tests.e2e.pipeline import Pipeline
from tests.faults import figures
from tests.faults.containers import kill_function
from tests.faults.light import assert_alike, executions_of, upload
from tests.functional.faults import Faults
from tests.functional.sagemaker_requests import Account, channel, training, unique
from tests.support.waiting import eventually

DATASET = "calm"
EVENT_ATTEMPTS = 3  # of an asynchronous event: the first and two more
SDK_ATTEMPTS = 6  # of one call: the first and five more, as app.py sets them
STATE_SDK_ATTEMPTS = 3  # of a call that a state makes


@pytest.fixture(scope="module")
def calm(light_pipeline: Pipeline, digits: Path) -> dict[str, Any]:
    """A run that nothing disturbed: what every other one must equal."""
    execution = light_pipeline.end_of(upload(light_pipeline, digits, DATASET))
    assert execution["status"] == "SUCCEEDED", execution
    return execution


@pytest.mark.parametrize("percent", [1, 10, 50])
def test_an_s3_that_fails_now_and_then(
    light_pipeline: Pipeline,
    calm: dict[str, Any],
    faults: Faults,
    chance: random.Random,
    percent: int,
) -> None:
    registered = light_pipeline.model_packages()
    faults.set(*_broken_s3(percent / 100, chance))

    execution = light_pipeline.end_of(light_pipeline.start({"dataset": DATASET}))

    struck = sum(rule["strikes"] for rule in faults.rules())
    faults.clear()
    succeeded = execution["status"] == "SUCCEEDED"
    figures.record(f"calls to S3 that failed, at {percent} %", struck)
    figures.record(f"share of runs that succeeded, S3 failing at {percent} %", succeeded)
    if not succeeded:
        execution = _redriven(light_pipeline, execution, registered)
    assert_alike(light_pipeline, execution, calm, registered)


def test_a_job_that_cannot_list_its_data_fails_and_says_so(
    account: Account, faults: Faults, chance: random.Random
) -> None:
    name = unique("unlisted")
    request = account.processing(name, "true")
    faults.set(_gone(chance))

    account.sagemaker.create_processing_job(**request)

    job = account.ended_processing(name)
    assert job["ProcessingJobStatus"] == "Failed"
    assert "Failed to download data. ListObjectsV2 failed for s3://" in job["FailureReason"]


def test_an_s3_that_is_gone_fails_the_step_and_a_redrive_ends_it_well(
    light_pipeline: Pipeline, calm: dict[str, Any], faults: Faults, chance: random.Random
) -> None:
    registered = light_pipeline.model_packages()
    faults.set(_gone(chance))  # PrepareRun lists what it has copied already

    execution = light_pipeline.end_of(light_pipeline.start({"dataset": DATASET}))

    faults.clear()
    execution = _redriven(light_pipeline, execution, registered)
    assert_alike(light_pipeline, execution, calm, registered)


@pytest.mark.parametrize("times", [2, None], ids=["twice", "always"])
def test_a_download_that_breaks_off_is_never_taken_for_whole(
    account: Account, faults: Faults, chance: random.Random, times: int | None
) -> None:
    name, content = unique("cut"), chance.randbytes(3_000_000)
    source = account.put(f"{name}/data", content)
    rule = {"call": "s3/GetObject", "kind": "truncate", "seed": chance.randrange(1000)}
    faults.set(rule | ({} if times is None else {"times": times}))
    script = "cp $SAGEMAKER_BASE_DIR/input/data/train/data $SAGEMAKER_BASE_DIR/checkpoints/seen"
    request = training(
        name,
        account.uri("models"),
        script,
        InputDataConfig=[channel("train", source)],
        CheckpointConfig={"S3Uri": account.uri(f"{name}/checkpoints")},
    )

    account.sagemaker.create_training_job(**request)

    job = account.ended_training(name)
    faults.clear()
    if times is None:
        assert job["TrainingJobStatus"] == "Failed"
        assert source in job["FailureReason"]
        assert account.keys(f"{name}/checkpoints") == []
    else:
        assert job["TrainingJobStatus"] == "Completed", job
        assert account.get(f"{name}/checkpoints/seen") == content


@pytest.mark.parametrize("percent", [0.5, 5])
def test_calls_whose_replies_are_lost_are_done_once(
    light_pipeline: Pipeline,
    calm: dict[str, Any],
    faults: Faults,
    chance: random.Random,
    percent: float,
) -> None:
    before = set(executions_of(light_pipeline, DATASET))
    registered = light_pipeline.model_packages()
    lost = {"call": "*/*", "kind": "lost-reply", "rate": percent / 100}
    faults.set({**lost, "seed": chance.randrange(1000)})

    keys = light_pipeline.keys(f"s3://{light_pipeline.deployment.bucket}/raw_data/{DATASET}/")
    _overwrite_once(light_pipeline, chance.choice(keys))
    (arn,) = eventually(lambda: set(executions_of(light_pipeline, DATASET)) - before)
    execution = light_pipeline.end_of(arn)

    (rule,) = faults.rules()
    figures.record(f"calls of a run that lost their reply, at {percent} %", rule["strikes"])
    faults.clear()
    assert set(executions_of(light_pipeline, DATASET)) - before == {arn}
    assert_alike(light_pipeline, execution, calm, registered)
    run = execution["name"]
    assert list(_jobs(light_pipeline, "Training", run)) == [f"{run}-train-0-0"]
    jobs = _jobs(light_pipeline, "Processing", run)
    processing = [f"{run}-{step}-0-0" for step in ("evaluate", "preprocess")]
    assert list(jobs) == processing, (jobs, _failures(light_pipeline, arn))
    assert _files(light_pipeline, execution) == _files(light_pipeline, calm)


@pytest.mark.parametrize("lost", range(1, STATE_SDK_ATTEMPTS + 1))
def test_a_registration_whose_reply_is_lost_gives_one_model_version(
    light_pipeline: Pipeline,
    calm: dict[str, Any],
    faults: Faults,
    chance: random.Random,
    lost: int,
) -> None:
    registered = light_pipeline.model_packages()
    faults.set({"call": "sagemaker/CreateModelPackage", "kind": "lost-reply", "times": lost})

    execution = light_pipeline.end_of(light_pipeline.start({"dataset": DATASET}))

    # The last of them is a try of the state's own Retry: those of the SDK are used up.
    (rule,) = faults.rules()
    assert (rule["calls"], rule["strikes"]) == (lost + 1, lost)
    assert_alike(light_pipeline, execution, calm, registered)


@pytest.mark.parametrize("dies", ["killed", "timed-out", "no-reply"])
def test_a_trigger_that_dies_after_start_execution_has_started_one(
    light_pipeline: Pipeline, digits: Path, faults: Faults, chance: random.Random, dies: str
) -> None:
    dataset = unique("trigger")
    last = _put_all_but_the_last(light_pipeline, dataset, digits)
    fault = {"kind": "lost-reply"} if dies == "no-reply" else {"kind": "delay", "seconds": 30}
    faults.set({"call": "stepfunctions/StartExecution", "times": 1, **fault})
    _set_timeout(light_pipeline, 3 if dies == "timed-out" else 60)

    light_pipeline.put(dataset, last)
    (arn,) = eventually(lambda: executions_of(light_pipeline, dataset))
    if dies == "killed":
        kill_function(light_pipeline.aws, light_pipeline.deployment.functions["on_upload"])

    # What the next try of the event says, or of the call.
    outcome = "upload started" if dies == "no-reply" else "upload duplicate"
    eventually(lambda: _told(light_pipeline, outcome, arn))
    _set_timeout(light_pipeline, 60)
    assert light_pipeline.end_of(arn)["status"] == "SUCCEEDED"
    assert executions_of(light_pipeline, dataset) == [arn]


def test_a_trigger_that_is_throttled_gives_up_and_its_event_is_replayed(
    light_pipeline: Pipeline, digits: Path, faults: Faults, chance: random.Random
) -> None:
    dataset = unique("throttled")
    last = _put_all_but_the_last(light_pipeline, dataset, digits)
    faults.set({"call": "stepfunctions/StartExecution", "kind": "throttle"})

    light_pipeline.put(dataset, last)
    (kept,) = eventually(lambda: _kept_events(light_pipeline, dataset), timeout=120, every=1)

    (rule,) = faults.rules()
    figures.record("tries to start an execution before its event is kept", rule["strikes"])
    assert rule["strikes"] <= EVENT_ATTEMPTS * SDK_ATTEMPTS
    assert kept.record is not None
    assert kept.record.attempts == EVENT_ATTEMPTS
    assert "ThrottlingException" in kept.record.cause
    assert executions_of(light_pipeline, dataset) == []
    faults.clear()
    replayed = queue.replay(
        _queue(light_pipeline), light_pipeline.lambdas, light_pipeline.deployment.names, [kept.id]
    )
    assert [replay.done for replay in replayed] == [True]
    (arn,) = eventually(lambda: executions_of(light_pipeline, dataset))
    assert light_pipeline.end_of(arn)["status"] == "SUCCEEDED"
    assert executions_of(light_pipeline, dataset) == [arn]
    assert _kept_events(light_pipeline, dataset) == []


def _gone(chance: random.Random) -> dict[str, Any]:
    return {"call": "s3/ListObjectsV2", "kind": chance.choice(["error", "throttle", "reset"])}


def _broken_s3(rate: float, chance: random.Random) -> list[dict[str, Any]]:
    """Return rules by which that share of all calls to S3 fails, each kind as often as the others.

    Beside that, downloads break off.
    """
    kinds = ["error", "throttle", "reset"]
    each = 1 - (1 - rate) ** (1 / len(kinds))
    rules = [{"call": "s3/*", "kind": kind, "rate": each} for kind in kinds]
    rules.append({"call": "s3/GetObject", "kind": "truncate", "rate": each})
    return [{**rule, "seed": chance.randrange(1000)} for rule in rules]


def _redriven(
    pipeline: Pipeline, execution: dict[str, Any], registered: list[str]
) -> dict[str, Any]:
    """Assert that a run failed, said why and registered nothing; return the end of its redrive."""
    assert execution["status"] == "FAILED"
    said = readable_cause(execution["cause"])
    # By the name of the object or its bucket, of S3's error, or of the call.
    named = (pipeline.deployment.bucket, "S3", "InternalError", "SlowDown", "Object")
    assert any(word in said for word in named), said
    assert pipeline.model_packages() == registered
    pipeline.states.redrive_execution(executionArn=execution["executionArn"])
    return pipeline.end_of(execution["executionArn"])


def _files(pipeline: Pipeline, execution: dict[str, Any]) -> list[str]:
    """Return the names of all that the run left, without what only it has in them."""
    fingerprint = execution["output"]["dataset"]["fingerprint"]
    keys = pipeline.keys(f"{execution['output']['paths']['run']}/")
    return [key.replace(fingerprint, "").replace(execution["name"], "") for key in keys]


def _jobs(pipeline: Pipeline, kind: str, run: str) -> dict[str, str]:
    """Return the names of the run's jobs of that kind, in order, and why each one failed."""
    listed = getattr(pipeline.sagemaker, f"list_{kind.lower()}_jobs")(NameContains=run)
    names = sorted(job[f"{kind}JobName"] for job in listed[f"{kind}JobSummaries"])
    describe = getattr(pipeline.sagemaker, f"describe_{kind.lower()}_job")
    found = {name: describe(**{f"{kind}JobName": name}) for name in names}
    return {name: job.get("FailureReason", "") for name, job in found.items()}


def _failures(pipeline: Pipeline, arn: str) -> list[dict[str, Any]]:
    """Return what failed in the execution's tasks, and was tried again."""
    pages = pipeline.states.get_paginator("get_execution_history").paginate(executionArn=arn)
    events = [event for page in pages for event in page["events"] if "Failed" in event["type"]]
    return [details for e in events for key, details in e.items() if key.endswith("EventDetails")]


def _overwrite_once(pipeline: Pipeline, key: str) -> None:
    """Upload a file anew with its own bytes, once: another try would be another version."""
    once = Config(retries={"mode": "standard", "total_max_attempts": 1})
    bucket = pipeline.deployment.bucket
    content = pipeline.object(f"s3://{bucket}/{key}")
    with suppress(BotoCoreError):
        pipeline.aws.client("s3", config=once).put_object(Bucket=bucket, Key=key, Body=content)


def _put_all_but_the_last(pipeline: Pipeline, dataset: str, folder: Path) -> Path:
    """Upload files until the trigger has told that one is missing; return that one."""
    *files, last = sorted(folder.iterdir())
    for file in files:
        pipeline.put(dataset, file)
    eventually(lambda: len(_told(pipeline, "upload incomplete", dataset)) == len(files))
    return last


def _told(pipeline: Pipeline, *words: str) -> list[str]:
    """Return the lines of the trigger's log that have all of the words."""
    logs = pipeline.aws.client("logs")
    group = f"/aws/lambda/{pipeline.deployment.functions['on_upload']}"
    try:
        found = logs.filter_log_events(logGroupName=group)["events"]
    except logs.exceptions.ResourceNotFoundException:  # it has not run yet
        return []
    lines = [event["message"] for event in found]
    return [line for line in lines if all(word in line for word in words)]


def _set_timeout(pipeline: Pipeline, seconds: int) -> None:
    pipeline.lambdas.update_function_configuration(
        FunctionName=pipeline.deployment.functions["on_upload"], Timeout=seconds
    )


def _queue(pipeline: Pipeline) -> queue.FailedEvents:
    return queue.FailedEvents(pipeline.aws.client("sqs"), pipeline.deployment.names)


def _kept_events(pipeline: Pipeline, dataset: str) -> list[queue.Kept]:
    found = queue.listing(_queue(pipeline), limit=100).events
    return [event for event in found if event.record and dataset in event.record.event]
