"""What cannot be read keeps nothing else from it, and comes back once it can be."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from local_aws.state.summary import summary
from tests.functional.local_aws.state import test_state as told
from tests.support.killable import KillableAws

BUCKET, ODD_KEY = told.BUCKET, told.ODD_KEY
Check = Callable[[KillableAws], bool]


def settings(aws: KillableAws) -> bool:
    versioning = aws.client("s3").get_bucket_versioning(Bucket=BUCKET)
    return bool(versioning["Status"] == "Enabled")


def versions(aws: KillableAws) -> bool:
    s3 = aws.client("s3")
    listed = s3.list_object_versions(Bucket=BUCKET, Prefix=ODD_KEY)["Versions"]
    bodies = [
        s3.get_object(Bucket=BUCKET, Key=ODD_KEY, VersionId=each["VersionId"])["Body"].read()
        for each in listed
    ]
    return bodies == [b"second", b"first"]


def history(aws: KillableAws) -> bool:
    states = aws.client("stepfunctions")
    (machine,) = states.list_state_machines()["stateMachines"]
    (execution,) = states.list_executions(stateMachineArn=machine["stateMachineArn"])["executions"]
    return len(states.get_execution_history(executionArn=execution["executionArn"])["events"]) == 4


def log(aws: KillableAws) -> bool:
    stream = {"logGroupName": "kept", "logStreamName": "stream"}
    return told.messages(aws.client("logs"), stream) == [f"line {n}" for n in range(450)]


def registry(aws: KillableAws) -> bool:
    listed = aws.client("sagemaker").list_model_packages(ModelPackageGroupName="kept")
    return len(listed["ModelPackageSummaryList"]) == 1


def function(aws: KillableAws) -> bool:
    return bool(aws.client("lambda").get_function(FunctionName="adds"))


def role(aws: KillableAws) -> bool:
    return bool(aws.client("iam").get_role(RoleName="kept"))


CHECKS: tuple[Check, ...] = (settings, versions, history, log, registry, function, role)
# What is damaged, and the checks that fail without it. All others hold.
DAMAGED: dict[str, tuple[Check, ...]] = {
    "moto/stepfunctions": (history,),
    "moto/logs": (log,),
    "moto/sagemaker": (registry,),
    "moto/lambda": (function,),
    "moto/iam": (role,),
    f"s3-buckets/{BUCKET}": (settings, versions),
    f"s3-keys/{BUCKET}/{ODD_KEY}": (versions,),
    "executions/": (history,),
    "log-events/": (log,),
}


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KillableAws]:
    with KillableAws(tmp_path_factory.mktemp("set-aside")) as aws:
        puts = (told.put_objects, told.put_function, told.put_registry, told.put_logs)
        for put in (*puts, told.put_execution):
            put(aws)
        yield aws


@pytest.mark.parametrize("damaged", DAMAGED)
def test_one_item_that_cannot_be_read(aws: KillableAws, damaged: str) -> None:
    aws.kill()
    part, _, item = damaged.partition("/")
    change(aws.data_folder, "items", "CAST(x'80' || value AS BLOB)", part, item)
    aws.start_again()
    assert failing(aws) == [*DAMAGED[damaged]]
    aside = summary(aws.data_folder)["set_aside"]
    assert {each["part"] for each in aside} == {part}
    assert "is set aside" in (aws.data_folder / "server.log").read_text()

    aws.kill()
    change(aws.data_folder, "set_aside", "CAST(substr(value, 2) AS BLOB)", part, "")
    aws.start_again()
    assert failing(aws) == []
    assert summary(aws.data_folder)["set_aside"] == []


def change(folder: Path, table: str, value: str, part: str, item: str) -> None:
    """Change the values of the part's items whose names begin so."""
    with sqlite3.connect(folder / "state.sqlite") as state:
        changed = state.execute(
            f"UPDATE {table} SET value = {value} WHERE part = ? AND instr(item, ?) = 1",
            (part, item),
        )
        assert changed.rowcount


def failing(aws: KillableAws) -> list[Check]:
    def holds(check: Check) -> bool:
        try:
            return check(aws)
        except (ClientError, KeyError, ValueError):
            return False

    return [check for check in CHECKS if not holds(check)]
