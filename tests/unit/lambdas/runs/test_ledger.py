import json

import pytest
from botocore.exceptions import ClientError

from lambdas.boundary.s3_objects import CONFLICTS, TRIES
from lambdas.boundary.transient import naming_transient_errors
from lambdas.errors import ThrottlingError
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


@pytest.mark.parametrize("code", sorted(CONFLICTS))
def test_a_conflict_with_another_write_is_tried_again(ledger, s3, code):
    s3.refuse_times("PutObject", code, 409, times=TRIES - 1)
    assert ledger.enter(EXECUTION, INPUT, starter="a")
    assert ledger.entered_at(EXECUTION)


def test_conflicts_without_end_are_raised_as_what_may_pass(ledger, s3):
    s3.refuse("PutObject", "ConditionalRequestConflict", 409)
    with pytest.raises(ThrottlingError, match="ConditionalRequestConflict"):
        naming_transient_errors(ledger.enter)(EXECUTION, INPUT, starter="a")
    assert len(s3.called("PutObject")) == TRIES


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"{}", b" " * 600_000])
def test_an_entry_that_cannot_be_read_is_nobodys(ledger, s3, content):
    s3.upload(BUCKET, "ledger/digits-1.json", content)
    assert ledger.enter(EXECUTION, INPUT, starter="a")
