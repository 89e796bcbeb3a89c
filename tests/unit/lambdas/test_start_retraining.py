import itertools

import pytest

from lambdas.errors import (
    DataSetChangedError,
    IncompleteDataSetError,
    InvalidInputError,
    ReproductionError,
)
from lambdas.start_retraining import start_retraining
from tests.unit.lambdas.originals import ORIGINAL, write_original


@pytest.fixture
def start(settings, s3, stepfunctions):
    """Return a function that invokes the handler; every call is a request of its own."""
    numbers = itertools.count()

    def invoke(payload, request_id=None):
        return start_retraining(
            payload,
            request_id=request_id or f"request-{next(numbers)}",
            settings=settings,
            s3=s3,
            stepfunctions=stepfunctions,
        )

    return invoke


@pytest.mark.parametrize("payload", [{}, None])
def test_nothing_asked_for_takes_the_newest_complete_data_set(
    start, upload, stepfunctions, payload
):
    upload("older")
    upload("newer")
    answer = start(payload)
    (execution,) = stepfunctions.executions.values()
    assert answer["started"] is True
    assert (answer["dataset"], answer["execution_arn"]) == ("newer", execution.arn)
    assert execution.input == {
        "dataset": "newer",
        "fingerprint": answer["fingerprint"],
        "trigger": "start_retraining",
    }


def test_a_full_payload(start, upload, stepfunctions, event):
    upload("fashion-mnist")
    payload = event("start_retraining")
    answer = start(payload)
    (execution,) = stepfunctions.executions.values()
    added = {"fingerprint": answer["fingerprint"], "trigger": "start_retraining"}
    assert execution.input == payload | added


def test_the_same_data_is_not_started_again_while_it_runs(start, upload, stepfunctions):
    upload("digits")
    first = start({"dataset": "digits"})
    again = start({"dataset": "digits", "requested_by": "grace", "reason": "to be sure"})
    assert (first["started"], again["started"]) == (True, False)
    assert again["execution_arn"] == first["execution_arn"]
    assert "is RUNNING" in again["message"]


@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED", "ABORTED"])
def test_the_same_data_is_not_started_again_after_its_run(start, upload, stepfunctions, status):
    upload("digits")
    first = start({})
    stepfunctions.end(first["execution_arn"], status)
    again = start({"requested_by": "grace"})
    assert (again["started"], again["execution_arn"]) == (False, first["execution_arn"])
    assert f"is {status}; again starts another" in again["message"]


def test_the_same_data_is_not_started_again_after_90_days(start, upload, stepfunctions):
    upload("digits")
    first = start({})
    stepfunctions.end(first["execution_arn"])
    stepfunctions.forget()
    again = start({})
    assert (again["started"], again["execution_arn"]) == (False, first["execution_arn"])
    assert "was started on 2026-01-01; again starts another" in again["message"]


@pytest.mark.parametrize(
    "asked", [{"again": True}, {"force": True}, {"trigger": "schedule"}, {"trigger": "alarm"}]
)
@pytest.mark.parametrize("days", [1, 91])
def test_a_run_that_has_ended_is_not_in_the_way_of_who_wants_another(
    start, upload, stepfunctions, asked, days
):
    upload("digits")
    first = start({})
    stepfunctions.end(first["execution_arn"])
    if days > 90:
        stepfunctions.forget()
    again = start(asked, request_id="asked-again")
    assert again["started"] is True
    assert again["execution_arn"] != first["execution_arn"]
    # Lambda repeats an asynchronous invocation under the same request id.
    repeated = start(asked, request_id="asked-again")
    assert (repeated["started"], repeated["execution_arn"]) == (False, again["execution_arn"])


def test_other_hyperparameters_are_another_execution(start, upload, stepfunctions):
    upload("digits")
    first = start({})
    other = start({"hyperparameters": {"epochs": 3}})
    assert other["started"] is True
    assert other["execution_arn"] != first["execution_arn"]
    assert start({"hyperparameters": {"epochs": 3}})["started"] is False
    assert stepfunctions.executions[other["execution_arn"]].input["hyperparameters"] == {
        "epochs": 3
    }


def test_hyperparameters_at_their_defaults_are_the_same_execution(start, upload):
    upload("digits")
    first = start({})
    spelt_out = start({"hyperparameters": {"epochs": 10.0, "learning-rate": 1e-3}})
    assert (spelt_out["started"], spelt_out["execution_arn"]) == (False, first["execution_arn"])


def test_other_instance_types_are_another_execution(start, upload, stepfunctions):
    upload("digits")
    first, asked = start({}), {"instance_types": {"training": "ml.g5.xlarge"}}
    other = start(asked)
    assert other["execution_arn"] != first["execution_arn"]
    assert start(asked)["started"] is False
    found = stepfunctions.executions[other["execution_arn"]].input
    assert found["instance_types"] == asked["instance_types"]


def test_again_lets_the_execution_reuse_what_has_not_changed(start, upload, stepfunctions):
    upload("digits")
    start({})
    again = start({"again": True}, request_id="again")
    assert again["started"] is True
    assert not {"again", "force"} & set(stepfunctions.executions[again["execution_arn"]].input)


def test_a_fingerprint_must_match(start, upload):
    upload("digits")
    fingerprint = start({})["fingerprint"]
    assert start({"fingerprint": fingerprint})["fingerprint"] == fingerprint
    upload("digits")
    with pytest.raises(DataSetChangedError):
        start({"fingerprint": fingerprint})


def test_errors_start_nothing(start, upload, stepfunctions):
    upload("digits", "train-images-idx3-ubyte.gz")
    with pytest.raises(IncompleteDataSetError):
        start({"dataset": "digits"})
    with pytest.raises(InvalidInputError, match="force: found"):
        start({"force": "yes"})
    with pytest.raises(InvalidInputError, match="unknown field 'epoch'"):
        start({"hyperparameters": {"epoch": 1}})
    assert not stepfunctions.calls


@pytest.mark.parametrize("trigger", ["schedule", "alarm"])
def test_who_asks_for_others_says_so(start, upload, stepfunctions, trigger):
    upload("digits")
    start({"trigger": trigger, "requested_by": "rule/nightly", "reason": "every night"})
    (execution,) = stepfunctions.executions.values()
    assert execution.input["trigger"] == trigger
    assert execution.input["requested_by"] == "rule/nightly"
    assert execution.input["reason"] == "every night"


def test_force_runs_the_same_data_again_while_it_runs(start, upload, stepfunctions):
    upload("digits")
    first = start({})
    forced = start({"force": True, "requested_by": "grace"}, request_id="forced")
    assert forced["started"] is True
    assert forced["fingerprint"] == first["fingerprint"]
    assert forced["execution_arn"] != first["execution_arn"]
    assert stepfunctions.executions[forced["execution_arn"]].input["force"] is True
    # Lambda repeats an asynchronous invocation under the same request id.
    repeated = start({"force": True, "requested_by": "grace"}, request_id="forced")
    assert (repeated["started"], repeated["execution_arn"]) == (False, forced["execution_arn"])
    assert start({"force": True})["started"] is True
    assert len(stepfunctions.started) == 3


def test_a_reproduction_always_starts_and_leaves_the_data_sets_run_alone(start, s3, stepfunctions):
    write_original(s3)
    asked = {"reproduce": ORIGINAL, "reason": "an audit"}

    first, second = start(asked), start(asked)
    of_the_data = start({"dataset": "digits"})

    assert [answer["started"] for answer in (first, second, of_the_data)] == [True, True, True]
    assert first["execution_arn"] != second["execution_arn"]
    execution = stepfunctions.executions[first["execution_arn"]]
    assert execution.input == asked | {"trigger": "start_retraining"}
    assert (first["dataset"], first["fingerprint"]) == ("digits", of_the_data["fingerprint"])


def test_a_request_that_is_repeated_reproduces_once(start, s3):
    write_original(s3)
    asked = {"reproduce": ORIGINAL}
    answers = [start(asked, request_id="the same") for _ in range(2)]
    assert [answer["started"] for answer in answers] == [True, False]


def test_a_run_that_cannot_be_reproduced_starts_nothing(start, stepfunctions):
    with pytest.raises(ReproductionError, match="cannot be reproduced"):
        start({"reproduce": ORIGINAL})
    assert not stepfunctions.executions
