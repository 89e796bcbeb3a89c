"""What a stage is for, one function each; an AssertionError says that it did not come out well."""

import json
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import uuid4

from botocore.exceptions import ClientError

from lambdas.data_sets.copies import PART_BYTES
from lambdas.data_sets.data_sets import DataSets
from state_machine.functions.catalogue import LAMBDAS
from tests.functional.sagemaker_requests import unique
from tests.privileges.world import World
from tests.support.waiting import eventually

SECONDS = 15.0  # for what takes two to six
ANEW = {"force": True}  # every job of the run is to be seen
JOB_LOGS = {
    "preprocess": "/aws/sagemaker/ProcessingJobs",
    "train": "/aws/sagemaker/TrainingJobs",
    "evaluate": "/aws/sagemaker/ProcessingJobs",
}

Scenario = Callable[[World], None]


class Job:
    """A training or processing job, as an administrator sees it."""

    def __init__(self, world: World, kind: str, name: str) -> None:
        self._sagemaker = world.pipeline.sagemaker
        self._kind = kind
        self._name = {f"{kind}JobName": name}

    def becomes(self, status: str) -> None:
        """Wait until it has the status."""
        _eventually(lambda: self._status() == status)

    def end(self) -> None:
        """Stop it, if it still runs."""
        with suppress(ClientError):
            getattr(self._sagemaker, f"stop_{self._kind.lower()}_job")(**self._name)

    def _status(self) -> str:
        with suppress(ClientError):
            described = getattr(self._sagemaker, f"describe_{self._kind.lower()}_job")(**self._name)
            return str(described[f"{self._kind}JobStatus"])
        return ""


def upload(world: World) -> None:
    """A data set with a manifest is uploaded, and ends registered, announced and logged."""
    _forget_job_logs(world)
    begun, dataset = datetime.now(UTC), unique("data")
    _put(world, dataset)
    execution = _succeeded(world, _started(world, dataset))
    run = execution["name"]
    _announced(world, "registered", "Report: ")
    _logged(world, world.names.function_log_group("on_upload"), "upload started", begun)
    for function in ("on_upload", "take_turn", "prepare_run", "check_metrics", "announce_approval"):
        _logged(world, world.names.function_log_group(function), "START RequestId", begun)
    for step, group in JOB_LOGS.items():
        _logged(world, group, "", begun, stream=f"{run}-{step}")
    job = world.pipeline.sagemaker.describe_training_job(TrainingJobName=f"{run}-train-0-0")
    assert job.get("FinalMetricDataList")
    assert job.get("ExperimentConfig", {}).get("TrialName")
    tags = world.pipeline.sagemaker.list_tags(ResourceArn=job["TrainingJobArn"])["Tags"]
    assert tags, "Step Functions tags the jobs that it manages"
    _logged(world, world.names.state_machine_log_group, run, begun)


def console(world: World) -> None:
    """Somebody starts an execution in the console, and looks at its trace."""
    trace = f"1-{int(time.time()):08x}-{uuid4().hex[:24]}"
    started = world.pipeline.states.start_execution(
        stateMachineArn=world.names.state_machine_arn,
        traceHeader=f"Root={trace};Sampled=1",
        input=json.dumps(ANEW),
    )
    _succeeded(world, started["executionArn"])
    xray = world.aws.client("xray")
    _eventually(lambda: xray.batch_get_traces(TraceIds=[trace])["Traces"])


def pinned(world: World) -> None:
    """Somebody asks for the newest data set, if it is still the one that they know."""
    known = _succeeded(world, world.pipeline.start(ANEW))["output"]["dataset"]["fingerprint"]
    _succeeded(world, world.pipeline.start({"fingerprint": known, **ANEW}))


def superseded(world: World) -> None:
    """An execution whose data set was replaced, of which no event told, starts its successor."""
    dataset = unique("data")
    with world.untold():
        _put(world, dataset)
    arn = world.pipeline.start({"dataset": dataset, "fingerprint": "0" * 64})
    assert _succeeded(world, arn)["output"]["outcome"] == "superseded"
    _succeeded(world, _started(world, dataset))


def reused(world: World) -> None:
    """A run takes over what one before it has computed of the same, and has its own log."""
    begun, first = datetime.now(UTC), _succeeded(world, world.pipeline.start(ANEW))["output"]
    # The first job that logs is then the evaluation.
    _forget_job_logs(world)
    second = _succeeded(world, world.pipeline.start({}))["output"]
    stream = f"{second['run_id']}-evaluate"
    _logged(world, JOB_LOGS["evaluate"], "", begun, stream=stream)
    taken_over = {step["reused_from"] for step in second["steps"].values()}
    assert taken_over == {first["run_id"]}, second["steps"]


def champion(world: World) -> None:
    """The run after an approval holds its model against the approved one's."""
    first = _succeeded(world, world.pipeline.start(ANEW))
    approved = first["output"]["registration"]["model_package_arn"]
    world.pipeline.sagemaker.update_model_package(
        ModelPackageArn=approved, ModelApprovalStatus="Approved"
    )
    try:
        second = _succeeded(world, world.pipeline.start(ANEW))
    finally:  # or the next ones would not be registered
        world.pipeline.sagemaker.update_model_package(
            ModelPackageArn=approved, ModelApprovalStatus="Rejected"
        )
    paths = second["output"]["paths"]
    found = json.loads(world.pipeline.object(f"{paths['champion']}/champion.json"))
    assert found["model_package_arn"] == approved
    assert "error" not in found, found


def approved_by_rule(world: World) -> None:
    """A version is approved by its rules, and put back because its champion is another one."""
    begun, output = datetime.now(UTC), _succeeded(world, world.pipeline.start(ANEW))["output"]
    held = {"approved": True, "reason": "as asked", "rules": []}
    output["quality_gate"] |= {"auto_approve": held, "approval_status": "Approved"}
    version, uri = output["registration"]["model_package_arn"], output["paths"]["evaluation"]
    asked = {"run": output, "evaluation_s3_uri": f"{uri}/evaluation.json", "gate": {}}
    another = {"model_package_arn": f"{version}0", "model_sha256": "none"}
    try:
        assert _invoke(world, "approve_model", asked)["auto_approve"]["approved"]
        asked["run"] = output | {"champion": another}
        assert not _invoke(world, "approve_model", asked)["auto_approve"]["approved"]
    finally:  # or it would be the next ones' champion
        world.pipeline.sagemaker.update_model_package(
            ModelPackageArn=version, ModelApprovalStatus="Rejected"
        )
    decision = json.loads(world.pipeline.object(output["paths"]["decision"]))
    assert decision["approval_status"] == "PendingManualApproval"
    _logged(world, world.names.function_log_group("approve_model"), "START RequestId", begun)


def invoked(world: World) -> None:
    """start_retraining is invoked without a data set, and asked to reproduce the run."""
    begun = datetime.now(UTC)
    answer = _invoke(world, "start_retraining", {"force": True})
    execution = _succeeded(world, answer["execution_arn"])
    answer = _invoke(world, "start_retraining", {"reproduce": execution["name"]})
    _succeeded(world, answer["execution_arn"])
    log_group = world.names.function_log_group("start_retraining")
    _logged(world, log_group, _told(answer["execution_arn"]), begun)


def requested(world: World) -> None:
    """A message to the topic asks for retraining, and another one for a reproduction."""
    begun, before = datetime.now(UTC), set(world.pipeline.executions())
    _publish(world, {"force": True})
    (arn,) = _eventually(lambda: set(world.pipeline.executions()) - before)
    run = _succeeded(world, arn)["name"]
    _publish(world, {"reproduce": run})
    (again,) = _eventually(lambda: set(world.pipeline.executions()) - before - {arn})
    _succeeded(world, again)
    _logged(world, world.names.function_log_group("on_request"), _told(again), begun)


def scheduled(world: World) -> None:
    """It is time: the newest data are run, again if they were before."""
    begun, before = datetime.now(UTC), set(world.pipeline.executions())
    # An event that comes a second time, which its id tells, starts nothing.
    event = json.loads((world.events / "schedule.json").read_text()) | {"id": str(uuid4())}
    _invoke_later(world, "on_schedule", event)
    (arn,) = _eventually(lambda: set(world.pipeline.executions()) - before)
    _succeeded(world, arn)
    _logged(world, world.names.function_log_group("on_schedule"), _told(arn), begun)


def without_versions(world: World) -> None:
    """Files that have no version id, as in the first minutes of a bucket, are found and read."""
    try:
        with world.without_versions():
            upload(world)
            invoked(world)
            requested(world)
            scheduled(world)
    finally:  # the newest data, which others ask for, have version ids again
        with world.untold():
            _put(world, unique("data"))


def rejected(world: World) -> None:
    """An evaluation that is missing is a rejection, and is announced."""
    begun = datetime.now(UTC)
    arn = world.pipeline.start({"hyperparameters": {"fault": "missing"}, **ANEW})
    execution = world.pipeline.end_of(arn)
    assert execution["error"] == "QualityGate.ThresholdNotMet", execution
    _announced(world, "FAILED", "Rejected")
    _logged(world, world.names.function_log_group("announce"), "announced", begun)


def checkpoints(world: World) -> None:
    """What a training removes from its checkpoints is removed on S3."""
    arn = world.pipeline.start({"hyperparameters": {"fault": "old checkpoints"}, **ANEW})
    paths = _succeeded(world, arn)["output"]["paths"]
    keys = world.pipeline.keys(f"{paths['checkpoints']}/")
    assert [key.rpartition("/")[2] for key in keys] == ["newer"]


def stopped(world: World) -> None:
    """Executions are stopped in a training and in a processing job, which end with them."""
    for fault, step, kind in (
        ("endless training", "train", "Training"),
        ("endless evaluation", "evaluate", "Processing"),
    ):
        arn = world.pipeline.start({"hyperparameters": {"fault": fault}, **ANEW})
        job = Job(world, kind, f"{arn.rpartition(':')[2]}-{step}-0-0")
        job.becomes("InProgress")
        world.pipeline.states.stop_execution(executionArn=arn)
        try:
            job.becomes("Stopped")
        finally:
            job.end()


def copied_in_parts(world: World) -> None:
    """The copy of a large file goes on with the upload that a call before has left."""
    s3, bucket, dataset = world.pipeline.s3, world.names.bucket, unique("data")
    body = b"large".ljust(PART_BYTES)
    listed = {"name": "large", "size": len(body), "sha256": sha256(body).hexdigest()}
    folder = f"raw_data/{dataset}"
    with world.untold():  # nobody could train on it
        s3.put_object(Bucket=bucket, Key=f"{folder}/large", Body=body)
        manifest = json.dumps({"files": [listed]})
        s3.put_object(Bucket=bucket, Key=f"{folder}/manifest.json", Body=manifest)
    found = DataSets(s3, bucket, "raw_data/", ()).find(dataset)
    copy = f"runs/{dataset}/source_data/{found.fingerprint}/large"
    s3.create_multipart_upload(Bucket=bucket, Key=copy)
    asked = {
        "execution": {
            "arn": world.names.execution_arn(dataset),
            "started_at": datetime.now(UTC).isoformat(),
        },
        "input": {"dataset": dataset},
        "defaults": world.defaults(),
    }
    try:
        _invoke(world, "prepare_run", asked)
    finally:  # or it would be the next ones' newest data set
        for file in ("manifest.json", "large"):
            s3.delete_object(Bucket=bucket, Key=f"{folder}/{file}")
    assert s3.head_object(Bucket=bucket, Key=copy)["ContentLength"] == PART_BYTES
    assert not s3.list_multipart_uploads(Bucket=bucket).get("Uploads"), "the same upload was ended"


def failed_events(world: World) -> None:
    """Events that no Lambda can handle are kept."""
    asynchronous = [each.name for each in LAMBDAS if each.asynchronous]
    for function in asynchronous:
        _invoke_later(world, function, {"Records": "nonsense", "detail": "nonsense"})
    kept: set[str] = set()

    def all_kept() -> bool:
        kept.update(
            event["requestContext"]["functionArn"].split(":")[6] for event in world.kept_events()
        )
        return kept == {world.names.function(function) for function in asynchronous}

    _eventually(all_kept)


def deployed(world: World) -> None:
    """The state machine is brought up to date, with its log and its traces."""
    states, arn = world.pipeline.states, world.names.state_machine_arn
    found = states.describe_state_machine(stateMachineArn=arn)
    try:
        states.update_state_machine(
            stateMachineArn=arn,
            definition=found["definition"],
            roleArn=found["roleArn"],
            loggingConfiguration=found["loggingConfiguration"],
        )
    except ClientError as error:
        raise AssertionError(str(error)) from error


SCENARIOS: tuple[Scenario, ...] = (  # the cheapest first
    deployed,
    failed_events,
    copied_in_parts,
    console,
    upload,
    superseded,
    rejected,
    reused,
    scheduled,
    requested,
    invoked,
    champion,
    approved_by_rule,
    checkpoints,
    pinned,
    without_versions,
    stopped,
)


def _eventually(check: Callable[[], Any]) -> Any:
    return eventually(check, timeout=SECONDS, every=0.1)


def _put(world: World, dataset: str) -> None:
    files = sorted(world.digits.iterdir())
    listed = [
        {
            "name": file.name,
            "size": file.stat().st_size,
            "sha256": sha256(file.read_bytes()).hexdigest(),
        }
        for file in files
    ]
    # Other bytes for each data set, so that no earlier run has computed anything of it.
    digits = int(dataset[-4:], 16)
    world.pipeline.s3.put_object(
        Bucket=world.names.bucket,
        Key=f"raw_data/{dataset}/manifest.json",
        Body=json.dumps({"files": listed}) + " " * digits,
    )
    for file in files:
        world.pipeline.put(dataset, file)


def _started(world: World, dataset: str) -> str:
    (arn,) = _eventually(lambda: [arn for arn in world.pipeline.executions() if dataset in arn])
    return str(arn)


def _succeeded(world: World, arn: str) -> dict[str, Any]:
    execution = world.pipeline.end_of(arn)
    assert execution["status"] == "SUCCEEDED", (execution.get("error"), execution.get("cause"))
    return execution


def _announced(world: World, *words: str) -> None:
    heard: list[str] = []

    def told() -> bool:
        heard.extend(f"{said['Subject']} {said['Message']}" for said in world.announced())
        return any(all(word in text for word in words) for text in heard)

    _eventually(told)


def _told(arn: str) -> str:
    """What the Lambda logs that has started the execution, and entered it into the ledger."""
    return f"execution {arn.rpartition(':')[2]} started"


def _logged(world: World, group: str, text: str, since: datetime, stream: str = "") -> None:
    _eventually(lambda: world.logged(group, text, since, stream))


def _forget_job_logs(world: World) -> None:
    """As in an account in which no job has run yet."""
    logs = world.aws.client("logs")
    for group in set(JOB_LOGS.values()):
        try:
            logs.delete_log_group(logGroupName=group)
        except logs.exceptions.ResourceNotFoundException:
            continue


def _invoke(world: World, function: str, payload: Any) -> dict[str, Any]:
    answer: dict[str, Any] = world.pipeline.invoke(function, payload)
    return answer


def _invoke_later(world: World, function: str, payload: Any) -> None:
    world.pipeline.lambdas.invoke(
        FunctionName=world.names.function(function),
        InvocationType="Event",
        Payload=json.dumps(payload),
    )


def _publish(world: World, message: dict[str, Any]) -> None:
    world.aws.client("sns").publish(
        TopicArn=world.names.topic_arn("retrain"), Message=json.dumps(message)
    )
