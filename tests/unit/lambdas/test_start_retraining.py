import pytest

from lambdas.errors import DataSetChangedError, IncompleteDataSetError, InvalidInputError
from lambdas.start_retraining import start_retraining


@pytest.fixture
def start(settings, s3, stepfunctions):
    """Return a function that invokes the handler."""
    return lambda payload: start_retraining(
        payload, settings=settings, s3=s3, stepfunctions=stepfunctions
    )


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
    assert execution.input == {"dataset": "newer", "fingerprint": answer["fingerprint"]}


def test_a_full_payload(start, upload, stepfunctions, event):
    upload("fashion-mnist")
    payload = event("start_retraining")
    answer = start(payload)
    (execution,) = stepfunctions.executions.values()
    assert execution.input == payload | {"fingerprint": answer["fingerprint"]}


def test_the_same_data_is_not_started_again(start, upload, stepfunctions):
    upload("digits")
    first = start({"dataset": "digits"})
    again = start({"dataset": "digits", "requested_by": "grace", "reason": "to be sure"})
    assert (first["started"], again["started"]) == (True, False)
    assert again["execution_arn"] == first["execution_arn"]
    assert "is RUNNING" in again["message"]
    stepfunctions.end(first["execution_arn"], "FAILED")
    assert "is FAILED" in start({})["message"]


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
    with pytest.raises(InvalidInputError, match="unknown field 'force'"):
        start({"force": True})
    with pytest.raises(InvalidInputError, match="unknown field 'epoch'"):
        start({"hyperparameters": {"epoch": 1}})
    assert not stepfunctions.calls
