"""Which run a version comes from, and whether it was reproduced."""

from datetime import UTC, datetime

import pytest

from operations.errors import InputError
from operations.executions.record import Failure, RunRecord
from operations.models.registry import Version
from operations.models.reproduce import is_reproduced, run_of
from operations.models.version import Entry

BUCKET = "retrain-dev-123456789012-us-east-1"
VERSION = Version("digits", 3, "arn:3", "Approved", datetime(2026, 2, 7, tzinfo=UTC))


def test_the_run_is_the_one_that_registered_the_version() -> None:
    entry = Entry(VERSION, run_uri=f"s3://{BUCKET}/runs/digits-0123456789ab")

    assert run_of(entry, BUCKET) == "digits-0123456789ab"


@pytest.mark.parametrize(
    ("run_uri", "found"),
    [(None, "no run"), ("s3://retrain-prod-1/runs/a", "s3://retrain-prod-1/runs/a")],
)
def test_a_version_that_no_run_of_the_stage_registered(run_uri: str | None, found: str) -> None:
    with pytest.raises(InputError, match=f"version 3 of digits comes from {found}") as raised:
        run_of(Entry(VERSION, run_uri=run_uri), BUCKET)

    assert "--stage" in raised.value.next_step


@pytest.mark.parametrize(
    ("run", "reproduced"),
    [
        (RunRecord("SUCCEEDED", decision="reproduced"), True),
        (RunRecord("SUCCEEDED", decision="differs"), False),
        (RunRecord("FAILED", failure=Failure("Train", "AlgorithmError", "")), False),
        (RunRecord("FAILED", decision="reproduced", failure=Failure("QualityGate", "", "")), False),
    ],
)
def test_only_a_run_that_ended_and_matched_is_reproduced(run: RunRecord, reproduced: bool) -> None:
    assert is_reproduced(run) == reproduced
