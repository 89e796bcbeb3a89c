import json

import pytest
from botocore.exceptions import ClientError

from lambdas.runs.ledger import Ledger

BUCKET = "retrain-dev-123456789012-us-east-1"
EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:retrain-dev:digits-1"
INPUT = {"dataset": "数字"}


@pytest.fixture
def ledger(s3) -> Ledger:
    return Ledger(s3, BUCKET)


def test_an_entry_is_an_object_named_by_the_execution(ledger, s3):
    assert ledger.entered_at(EXECUTION) is None
    assert ledger.enter(EXECUTION, INPUT, starter="a")
    entry = json.loads(s3.content(BUCKET, "ledger/digits-1.json"))
    assert entry == {"execution_arn": EXECUTION, "input": INPUT, "starter": "a"}
    assert ledger.entered_at(EXECUTION) is not None


def test_the_first_entry_stands(ledger, s3):
    assert ledger.enter(EXECUTION, INPUT, starter="a")
    assert not ledger.enter(EXECUTION, {}, starter="b")
    assert len(s3.buckets[BUCKET]["ledger/digits-1.json"]) == 1
    assert json.loads(s3.content(BUCKET, "ledger/digits-1.json"))["starter"] == "a"


def test_a_starter_whose_answer_was_lost_finds_itself(ledger):
    assert ledger.enter(EXECUTION, INPUT, starter="a")
    assert ledger.enter(EXECUTION, INPUT, starter="a")


def test_the_execution_itself_is_nobodys_rival(ledger):
    assert ledger.enter(EXECUTION, INPUT, starter="")
    assert ledger.enter(EXECUTION, INPUT, starter="a")


@pytest.mark.parametrize("call", ["PutObject", "HeadObject"])
def test_other_errors_are_raised(ledger, s3, call):
    s3.refuse(call, "SlowDown", 503)
    with pytest.raises(ClientError, match="SlowDown"):
        ledger.entered_at(EXECUTION) or ledger.enter(EXECUTION, INPUT, starter="a")


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"{}", b" " * 600_000])
def test_an_entry_that_cannot_be_read_is_nobodys(ledger, s3, content):
    s3.upload(BUCKET, "ledger/digits-1.json", content)
    assert ledger.enter(EXECUTION, INPUT, starter="a")
