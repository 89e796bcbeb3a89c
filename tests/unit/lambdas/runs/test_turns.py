import json
from datetime import timedelta

import pytest

from lambdas.runs.turns import YOUNG, Turns
from tests.fakes.executions import FakeExecutions
from tests.fakes.s3 import EPOCH, FakeS3

BUCKET = "bucket"
LINE = "arn:aws:states:us-east-1:123456789012:execution:retrain-dev:"
NOW = EPOCH + timedelta(minutes=1)


@pytest.fixture
def s3() -> FakeS3:
    return FakeS3(BUCKET)


@pytest.fixture
def executions() -> FakeExecutions:
    fake = FakeExecutions()
    for name in ("a", "b", "c"):
        fake.add(name)
    return fake


@pytest.fixture
def turns(s3, executions) -> Turns:
    return Turns(s3, executions, BUCKET, LINE)


def take(turns: Turns, name: str, most: int = 1, now=NOW) -> str:
    return turns.take(LINE + name, most, now).removeprefix(LINE)


def test_a_turn_is_had_by_one_execution_until_that_has_ended(turns, executions):
    assert take(turns, "a") == "a"
    assert take(turns, "b") == "a"
    executions.named("a").status = "ABORTED"
    assert take(turns, "b") == "b"
    assert take(turns, "a") == "b"


def test_there_are_as_many_as_may_run_at_once(turns, s3):
    assert [take(turns, name, most=2) for name in ("a", "b", "c")] == ["a", "b", "a"]
    assert sorted(s3.buckets[BUCKET]) == ["turns/0.json", "turns/1.json"]


def test_a_repeated_question_takes_no_second_turn(turns, s3):
    assert [take(turns, "a", most=2) for _ in range(2)] == ["a", "a"]
    assert len(s3.called("PutObject")) == 1


@pytest.mark.parametrize("had", ["nobody", "an execution that has ended"])
def test_of_two_that_see_a_free_turn_at_once_one_takes_it(turns, s3, executions, had):
    if had != "nobody":
        take(turns, "c")
        executions.named("c").status = "SUCCEEDED"
    body = json.dumps({"execution_arn": f"{LINE}b"}).encode()
    s3.just_before("PutObject", lambda: s3.upload(BUCKET, "turns/0.json", body))
    assert take(turns, "a") != "a"
    assert take(turns, "a") == "b"


def test_a_write_whose_reply_was_lost_is_found(turns, s3):
    body = json.dumps({"execution_arn": f"{LINE}a"}).encode()
    s3.just_before("PutObject", lambda: s3.upload(BUCKET, "turns/0.json", body))
    assert take(turns, "a") == "a"


def test_an_execution_that_is_not_known_yet_keeps_its_turn_for_an_hour(turns, executions):
    take(turns, "a")
    del executions.executions[f"{LINE}a"]
    assert take(turns, "b") == "a"
    assert take(turns, "b", now=NOW + YOUNG + timedelta(minutes=1)) == "b"


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"execution_arn": 7}', b'{"execution_arn": "arn:of:somebody:else"}'],
)
def test_what_is_no_turn_keeps_nobody_from_going(turns, s3, content):
    s3.upload(BUCKET, "turns/0.json", content)
    assert take(turns, "a") == "a"
