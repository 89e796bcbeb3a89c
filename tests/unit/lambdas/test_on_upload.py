import hashlib
import itertools
import json
import logging
from threading import Barrier, Lock
from urllib.parse import quote_plus

import pytest
from botocore.exceptions import ClientError

from lambdas.errors import InvalidInputError
from lambdas.on_upload import AT_ONCE, on_upload
from tests.fakes.stepfunctions import FakeStepFunctions

BUCKET = "retrain-dev-123456789012-us-east-1"
FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)


@pytest.fixture
def deliver(settings, s3, stepfunctions):
    """Return a function that delivers an event."""
    return lambda event: on_upload(event, settings=settings, s3=s3, stepfunctions=stepfunctions)


def told_of(*keys: str) -> dict:
    """Return an event that tells of the keys, form-encoded as S3 does."""
    objects = [{"bucket": {"name": BUCKET}, "object": {"key": quote_plus(key)}} for key in keys]
    return {"Records": [{"eventName": "ObjectCreated:Put", "s3": told} for told in objects]}


def outcomes(results: list[dict]) -> list[tuple[str, str]]:
    return [(result["outcome"], result.get("dataset", result.get("key"))) for result in results]


@pytest.mark.parametrize("name", ["s3_put", "s3_multipart_completion"])
def test_a_complete_data_set_is_started(deliver, upload, stepfunctions, event, name):
    upload("fashion-mnist")
    (result,) = deliver(event(name))
    (execution,) = stepfunctions.executions.values()
    assert result["outcome"] == "started"
    assert result["execution_arn"] == execution.arn
    fingerprint = execution.input["fingerprint"]
    assert execution.input == {
        "dataset": "fashion-mnist",
        "fingerprint": fingerprint,
        "trigger": "upload",
    }
    assert execution.name == f"fashion-mnist-{fingerprint[:12]}"


def test_an_incomplete_data_set_is_not_started(deliver, upload, stepfunctions, event, caplog):
    upload("fashion-mnist", *FILES[:3])
    with caplog.at_level(logging.INFO, "lambdas"):
        (result,) = deliver(event("s3_put"))
    assert (result["outcome"], result["missing"]) == ("incomplete", [FILES[3]])
    assert caplog.records[-1].missing == [FILES[3]]
    assert caplog.records[-1].why == f"{FILES[3]} missing"
    assert not stepfunctions.executions


@pytest.mark.parametrize("order", list(itertools.permutations(FILES)), ids=lambda order: None)
def test_any_order_and_every_event_twice_is_one_execution(deliver, upload, stepfunctions, order):
    late = []
    for file in order:
        upload("digits", file)
        late.append(told_of(f"raw_data/digits/{file}"))
        deliver(late[-1])
    for again in late:
        assert outcomes(deliver(again)) == [("duplicate", "digits")]
    assert len(stepfunctions.executions) == 1


def test_a_duplicate_after_the_end_is_a_no_op(deliver, upload, stepfunctions, event):
    upload("fashion-mnist")
    (first,) = deliver(event("s3_put"))
    stepfunctions.end(first["execution_arn"])
    (again,) = deliver(event("s3_put"))
    assert again["outcome"] == "duplicate"
    assert again["execution_arn"] == first["execution_arn"]
    assert "SUCCEEDED" in again["why"]


def test_an_overwritten_file_is_another_execution(deliver, upload, stepfunctions, event):
    upload("fashion-mnist")
    deliver(event("s3_put"))
    upload("fashion-mnist", FILES[0])
    assert outcomes(deliver(event("s3_put"))) == [("started", "fashion-mnist")]
    assert len(stepfunctions.executions) == 2


def test_all_records_are_looked_at_and_each_data_set_once(deliver, upload, event):
    upload("fashion-mnist")
    upload("digits")
    assert outcomes(deliver(event("s3_many_records"))) == [
        ("ignored", f"raw_data/fashion-mnist/old/{FILES[0]}"),
        ("ignored", f"raw_data/{FILES[0]}"),
        ("ignored", "runs/r/run.json"),
        ("ignored", "raw_data/fashion-mnist/"),
        ("ignored", f"raw_data/fashion-mnist/{FILES[0]}"),  # of another bucket
        ("ignored", "raw_data/fashion-mnist/readme.txt"),
        ("started", "fashion-mnist"),
        ("started", "digits"),
    ]


def test_keys_are_decoded(deliver, upload, event):
    upload("café + thé 100%")
    upload("数字")
    assert outcomes(deliver(event("s3_special_characters"))) == [
        ("started", "café + thé 100%"),
        ("started", "数字"),
    ]


@pytest.mark.parametrize(
    ("name", "datasets"),
    [
        ("s3_eventbridge_created", ["fashion-mnist"]),
        ("s3_eventbridge_deleted", ["fashion-mnist"]),
        ("s3_eventbridge_expired", ["fashion-mnist"]),
        ("s3_eventbridge_special_characters", ["café + thé 100%"]),
        ("s3_sns", ["fashion-mnist"]),
        ("s3_eventbridge_sns", ["fashion-mnist"]),
    ],
)
def test_whichever_way_s3_s_event_came_its_data_sets_are_started(
    deliver, upload, event, name, datasets
):
    for dataset in datasets:
        upload(dataset)
    assert outcomes(deliver(event(name))) == [("started", dataset) for dataset in datasets]


@pytest.mark.parametrize(
    ("name", "datasets"),
    [
        ("s3_sqs", ["fashion-mnist", "café + thé 100%", "数字"]),
        ("s3_eventbridge_sqs", ["fashion-mnist", "café + thé 100%"]),
        ("s3_sns_sqs", ["fashion-mnist", "café + thé 100%", "数字"]),
        ("s3_sns_sqs_raw", ["fashion-mnist", "café + thé 100%", "数字"]),
        ("s3_eventbridge_sns_sqs", ["fashion-mnist", "café + thé 100%"]),
    ],
)
def test_a_batch_of_sqs_is_answered_as_lambda_reads_it(deliver, upload, event, name, datasets):
    for dataset in datasets:
        upload(dataset)
    answer = deliver(event(name))
    assert answer["batchItemFailures"] == []
    assert outcomes(answer["outcomes"]) == [("started", dataset) for dataset in datasets]


def test_a_pipe_hands_over_the_messages_of_a_queue_as_a_list(deliver, upload, event):
    upload("fashion-mnist")
    answer = deliver(event("s3_eventbridge_sqs")["Records"][:1])
    assert answer["batchItemFailures"] == []
    assert outcomes(answer["outcomes"]) == [("started", "fashion-mnist")]


def test_a_message_that_is_no_event_of_s3_is_refused_after_the_others(
    deliver, upload, event, stepfunctions
):
    upload("fashion-mnist")
    batch = event("s3_sqs")
    batch["Records"][1]["body"] = '{"dataset": "fashion-mnist"}'
    with pytest.raises(InvalidInputError) as raised:
        deliver(batch)
    assert str(raised.value).startswith('Records.1.body: found {"dataset": "fashion-mnist"}')
    assert [execution.input["dataset"] for execution in stepfunctions.started] == ["fashion-mnist"]
    assert deliver(event("s3_sqs"))["outcomes"][0]["outcome"] == "duplicate"


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"detail-type": "AWS API Call via CloudTrail"}, "detail-type: found"),
        ({"source": "aws.ec2"}, 'source: found "aws.ec2", expected string (aws.s3)'),
        ({"detail": {"bucket": {"name": BUCKET}}}, "detail: found"),
    ],
)
def test_other_events_of_eventbridge_are_refused_by_name(deliver, event, changed, found):
    with pytest.raises(InvalidInputError) as raised:
        deliver(event("s3_eventbridge_created") | changed)
    assert str(raised.value).startswith(found)


@pytest.mark.parametrize(
    "body", ["hello", "{", "[]", '{"Records": []}', '{"Type": "Notification"}', "[" * 100_000]
)
def test_a_message_of_something_else_is_refused_in_one_line(deliver, event, body):
    batch = event("s3_sqs")
    batch["Records"] = batch["Records"][:1]
    batch["Records"][0]["body"] = body
    with pytest.raises(InvalidInputError, match=r"^Records\.0\.body") as raised:
        deliver(batch)
    assert str(raised.value).isprintable()


def test_messages_inside_of_messages_without_end_are_refused(deliver, event):
    message = event("s3_put")
    for _ in range(5):
        message = {"Type": "Notification", "Message": json.dumps(message)}
    with pytest.raises(InvalidInputError, match="more than 3 messages inside of each other"):
        deliver(message)


@pytest.mark.parametrize(
    "kind", ["ObjectTagging:Put", "ObjectRestore:Completed", "s3:ObjectAcl:Put"]
)
def test_what_changes_no_version_is_ignored_by_name(deliver, upload, event, kind, stepfunctions):
    upload("fashion-mnist")
    told = event("s3_put")
    told["Records"][0]["eventName"] = kind
    for one in (told, event("s3_eventbridge_tagged")):
        (result,) = deliver(one)
        assert result["outcome"] == "ignored"
        assert result["why"].endswith("changes no version of it")
    assert not stepfunctions.executions


def test_data_sets_of_one_event_are_asked_for_together_and_answered_in_its_order(
    settings, s3, stepfunctions
):
    names = [f"set-{number:03}" for number in range(500)]
    for name in names:
        for file in FILES:
            s3.upload(BUCKET, f"raw_data/{name}/{file}")
    slow = Together(stepfunctions, AT_ONCE)
    results = on_upload(
        told_of(*(f"raw_data/{name}/{FILES[0]}" for name in names)),
        settings=settings,
        s3=s3,
        stepfunctions=slow,
    )
    assert outcomes(results) == [("started", name) for name in names]
    assert slow.most == AT_ONCE


class Together:
    """Step Functions that starts nothing before so many callers ask at once."""

    def __init__(self, stepfunctions: FakeStepFunctions, callers: int) -> None:
        self.describe_execution = stepfunctions.describe_execution
        self._start = stepfunctions.start_execution
        self._together, self._lock = Barrier(callers, timeout=30), Lock()
        self._asking = self.most = 0

    def start_execution(self, **request: object) -> object:
        with self._lock:
            self._asking += 1
            self.most = max(self.most, self._asking)
        self._together.wait()
        with self._lock:
            self._asking -= 1
            return self._start(**request)


def test_a_test_event_is_ignored(deliver, event):
    assert deliver(event("s3_test_event")) == []


def test_a_refused_call_is_raised_after_the_other_data_sets(deliver, upload, stepfunctions, caplog):
    upload("first")
    upload("second")
    stepfunctions.refuse("StartExecution", "ThrottlingException", 400)
    both = told_of(f"raw_data/first/{FILES[0]}", f"raw_data/second/{FILES[0]}")
    with pytest.raises(ClientError, match="ThrottlingException"):
        deliver(both)
    assert len(stepfunctions.called("StartExecution")) == 2
    assert [record.dataset for record in caplog.records] == ["first", "second"]


def manifest_of(*files: str, **changes: object) -> bytes:
    listed = [
        {"name": f, "size": len(f.encode()), "sha256": hashlib.sha256(f.encode()).hexdigest()}
        for f in files
    ]
    listed[0].update(changes)
    return json.dumps({"files": listed}).encode()


def test_a_file_that_has_no_part_in_the_data_set_starts_nothing(deliver, upload, stepfunctions):
    upload("digits")
    upload("digits", "readme.txt")
    (result,) = deliver(told_of("raw_data/digits/readme.txt"))
    assert (result["outcome"], result["why"]) == ("ignored", "not one of the data set's files")
    assert not stepfunctions.executions


def test_a_manifest_says_which_files_make_the_data_set(deliver, upload, s3, stepfunctions):
    s3.upload(BUCKET, "raw_data/digits/manifest.json", manifest_of("part 1", "part 2"))
    events = [told_of(f"raw_data/digits/{f}") for f in ("manifest.json", "part 1", "part 2")]
    whys = []
    for event, file in zip(events, ("part 1", "part 2", ""), strict=True):
        whys += [result["why"] for result in deliver(event)]
        upload("digits", *filter(None, [file]))
    assert whys[:2] == ["part 1, part 2 missing", "part 2 missing"]
    assert [outcomes(deliver(event)) for event in events] == [[("duplicate", "digits")]] * 3
    assert len(stepfunctions.started) == 1


@pytest.mark.parametrize(
    ("manifest", "why"),
    [
        (b"{", "manifest.json is malformed: "),
        (manifest_of(*FILES, size=3), f"{FILES[0]}: found 26 bytes, expected 3 bytes as manifest"),
    ],
)
def test_a_manifest_that_cannot_be_met_is_logged_with_the_reason(
    deliver, s3, caplog, manifest, why
):
    for file in FILES:
        s3.upload(BUCKET, f"raw_data/digits/{file}", file.encode())
    s3.upload(BUCKET, "raw_data/digits/manifest.json", manifest)
    with caplog.at_level(logging.INFO, "lambdas"):
        (result,) = deliver(told_of(f"raw_data/digits/{FILES[0]}"))
    assert result["outcome"] == "incomplete"
    assert caplog.records[-1].why == result["why"]
    assert result["why"].startswith(why)


def test_an_older_version_s_event_that_arrives_last_is_a_duplicate(deliver, upload, event, caplog):
    upload("fashion-mnist")
    older, newer = event("s3_put"), event("s3_put")
    older["Records"][0]["s3"]["object"]["sequencer"] = "0055"
    upload("fashion-mnist", FILES[0])
    assert outcomes(deliver(newer)) == [("started", "fashion-mnist")]
    with caplog.at_level(logging.INFO, "lambdas"):
        assert outcomes(deliver(older)) == [("duplicate", "fashion-mnist")]
    assert "is RUNNING" in caplog.records[-1].why


def test_a_duplicate_after_90_days_is_a_no_op(deliver, upload, stepfunctions, event):
    upload("fashion-mnist")
    (first,) = deliver(event("s3_put"))
    stepfunctions.end(first["execution_arn"])
    stepfunctions.forget()
    (again,) = deliver(event("s3_put"))
    assert (again["outcome"], again["execution_arn"]) == ("duplicate", first["execution_arn"])
    assert again["why"].endswith("was started on 2026-01-01")
