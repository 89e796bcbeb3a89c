"""The counted calls are those of the handlers."""

import json
from collections import Counter
from urllib.parse import quote_plus

import pytest

from benchmarks.simulation.calls import ON_UPLOAD_INCOMPLETE, TURN, calls, requests
from benchmarks.simulation.prices import UnknownFigureError
from lambdas.announce_approval import announce_approval
from lambdas.approve_model import approve_model
from lambdas.check_metrics import check_metrics
from lambdas.data_sets.data_sets import DataSets
from lambdas.on_upload import on_upload
from lambdas.prepare_run import prepare_run
from lambdas.settings import Settings
from lambdas.take_turn import take_turn
from tests.fakes.ecr import FakeEcr
from tests.fakes.executions import FakeExecutions
from tests.fakes.messaging import FakeSns
from tests.fakes.s3 import FakeS3
from tests.fakes.sagemaker import FakeSageMaker
from tests.fakes.stepfunctions import FakeStepFunctions
from tests.support.code import place_code
from tests.unit.lambdas.conftest import BUCKET, EVENTS, FILES, MACHINE
from tests.unit.lambdas.test_check_metrics import EVALUATION
from tests.unit.lambdas.test_take_turn import STARTED

RUN = "runs/fashion-mnist-0123456789ab"


class S3(FakeS3):
    """One whose listings fit on a page, as they do on AWS."""

    page_size = 1000

    def counted(self) -> Counter[str]:
        """How often each operation was called."""
        return Counter(operation for operation, _ in self.calls)


@pytest.fixture
def s3() -> S3:
    bucket = S3(BUCKET)
    place_code(bucket, BUCKET)
    return bucket


def event(name: str) -> dict:
    return json.loads((EVENTS / f"{name}.json").read_text())


def upload(s3: S3, *files: str) -> str:
    """Upload files of a data set and return its fingerprint; no call of this counts."""
    for file in files:
        s3.upload(BUCKET, f"raw_data/fashion-mnist/{file}", file.encode())
    fingerprint = DataSets(s3, BUCKET, "raw_data/", FILES).find("fashion-mnist").fingerprint
    s3.calls.clear()
    return fingerprint


@pytest.mark.parametrize(
    ("files", "counted_as"), [(FILES[:3], ON_UPLOAD_INCOMPLETE), (FILES, "on_upload")]
)
def test_on_upload(s3, files, counted_as):
    upload(s3, *files)
    key = quote_plus(f"raw_data/fashion-mnist/{files[-1]}")
    told = {"bucket": {"name": BUCKET}, "object": {"key": key}}
    stepfunctions = FakeStepFunctions()
    on_upload(
        {"Records": [{"eventName": "ObjectCreated:Put", "s3": told}]},
        settings=Settings(BUCKET, MACHINE, "raw_data/", FILES, {}),
        s3=s3,
        stepfunctions=stepfunctions,
    )
    assert s3.counted() == calls(counted_as, len(FILES))
    started = [operation for operation, _ in stepfunctions.calls]
    assert started == (["DescribeExecution", "StartExecution"] if files == FILES else [])


def test_take_turn(s3):
    executions = FakeExecutions()
    payload = event("prepare_run") | {"settle_seconds": 0, "max_concurrent_runs": 1}
    payload["execution"] = {
        "arn": executions.add("digits-1", started=STARTED).arn,
        "started_at": "2026-02-07T11:42:29.102Z",
    }
    payload["input"] = {"dataset": "fashion-mnist", "fingerprint": upload(s3, *FILES)}
    answer = take_turn(payload, now=STARTED, s3=s3, stepfunctions=executions)
    assert answer["outcome"] == "go"
    assert s3.counted() == calls("take_turn", len(FILES)) | calls(TURN, len(FILES))
    assert [operation for operation, _ in executions.calls] == ["ListExecutions"]


def test_prepare_run_with_a_champion_and_its_entry_in_the_ledger(s3):
    fingerprint = upload(s3, *FILES)
    s3.upload(BUCKET, "champion/model.tar.gz")
    sagemaker = FakeSageMaker("fashion-mnist")
    sagemaker.register("fashion-mnist", f"s3://{BUCKET}/champion/model.tar.gz")
    payload = event("prepare_run")
    name = payload["execution"]["arn"].rsplit(":", 1)[-1]
    s3.upload(BUCKET, f"ledger/{name}.json", b'{"starter": "on_upload"}')
    payload["input"] = {"dataset": "fashion-mnist", "fingerprint": fingerprint}
    state = prepare_run(
        payload, s3=s3, sagemaker=sagemaker, ecr=FakeEcr().in_region, seconds_left=lambda: 900
    )
    assert state["champion"]["model_package_arn"]
    assert s3.counted() == calls("prepare_run", len(FILES))


def test_check_metrics(s3):
    s3.upload(BUCKET, f"{RUN}/evaluation/evaluation.json", json.dumps(EVALUATION).encode())
    s3.upload(BUCKET, f"{RUN}/evaluation/report.html")
    s3.upload(BUCKET, f"{RUN}/run.json", b"{}")
    assert check_metrics(event("check_metrics"), s3=s3)["decision"] == "register"
    assert s3.counted() == calls("check_metrics", len(FILES))


def test_approve_model(s3):
    sagemaker = FakeSageMaker("fashion-mnist")
    version = sagemaker.register("fashion-mnist", None, "PendingManualApproval")
    asked = event("check_metrics")
    asked["run"] |= {
        "quality_gate": {"auto_approve": {"approved": True, "reason": "", "rules": []}},
        "registration": {"model_package_arn": version},
    }
    approve_model(asked, s3=s3, sagemaker=sagemaker)
    assert sagemaker.groups["fashion-mnist"][0]["ModelApprovalStatus"] == "Approved"
    assert s3.counted() == calls("approve_model", len(FILES))


def test_announce_approval(s3):
    announce_approval(event("model_package_changed"), topic_arn="arn", sns=FakeSns(), s3=s3)
    assert s3.counted() == calls("announce_approval", len(FILES))


def test_requests_are_priced_in_two_ways():
    assert requests("on_upload", 4) == (2, 1)
    # Two listings, five objects, the champion's copy and four more; one HeadObject, seven reads.
    assert requests("prepare_run", 4) == (2 + 5 + 1 + 4, 1 + 7)


def test_a_lambda_that_nobody_counted_is_an_error():
    with pytest.raises(UnknownFigureError, match="what 'sweep_up' calls"):
        calls("sweep_up", 4)
