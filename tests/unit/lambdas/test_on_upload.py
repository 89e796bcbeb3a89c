import itertools
import logging
from urllib.parse import quote_plus

import pytest
from botocore.exceptions import ClientError

from lambdas.on_upload import on_upload

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
    assert execution.input == {"dataset": "fashion-mnist", "fingerprint": fingerprint}
    assert execution.name == f"fashion-mnist-{fingerprint[:12]}"


def test_an_incomplete_data_set_is_not_started(deliver, upload, stepfunctions, event, caplog):
    upload("fashion-mnist", *FILES[:3])
    with caplog.at_level(logging.INFO, "lambdas"):
        (result,) = deliver(event("s3_put"))
    assert (result["outcome"], result["missing"]) == ("incomplete", [FILES[3]])
    assert caplog.records[-1].missing == [FILES[3]]
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
        ("ignored", "raw_data/fashion-mnist/readme.txt"),
        ("ignored", f"raw_data/fashion-mnist/old/{FILES[0]}"),
        ("ignored", f"raw_data/{FILES[0]}"),
        ("ignored", "runs/r/run.json"),
        ("ignored", "raw_data/fashion-mnist/"),
        ("ignored", f"raw_data/fashion-mnist/{FILES[0]}"),  # of another bucket
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
