"""Histories of Step Functions read as views."""

import json
from datetime import timedelta

import pytest

from lambdas.runs.causes import readable_cause
from operations.executions import view as execution
from tests.fakes.histories import (
    ARN,
    DESCRIPTION,
    RUN,
    START,
    TRAINING_JOB,
    History,
    failed_training,
    registered,
    rejected,
)


def view_of(history: History, status: str) -> execution.ExecutionView:
    return execution.read({**DESCRIPTION, "status": status}, history.events)


def test_a_registered_run_has_entered_every_state_in_order() -> None:
    view = view_of(registered(), "SUCCEEDED")
    assert [state.name for state in view.states] == [
        "PrepareRun",
        "Preprocess",
        "Train",
        "Evaluate",
        "CheckMetrics",
        "QualityGate",
        "RegisterModel",
        "Registered",
    ]
    assert {state.status for state in view.states} == {"succeeded"}
    assert view.name == "digits-0123456789ab"
    assert view.ended


def test_states_know_their_seconds_and_their_work() -> None:
    train = view_of(registered(), "SUCCEEDED").state("Train")
    assert train is not None
    assert train.ended is not None
    assert train.seconds(train.ended) == 9.5
    assert train.work == execution.Work(TRAINING_JOB, "/aws/sagemaker/TrainingJobs", is_job=True)
    assert train.attempts == 1


def test_a_lambdas_payload_and_log_group_are_known() -> None:
    view = view_of(registered(), "SUCCEEDED")
    prepare = view.state("PrepareRun")
    assert prepare is not None
    assert prepare.work is not None
    assert prepare.work.log_group == "/aws/lambda/retrain-dev-prepare_run"
    assert view.payload("PrepareRun") == RUN
    assert view.payload("Train") == {}
    assert view.payload("NoSuchState") == {}


def test_while_it_runs_the_last_state_counts_on() -> None:
    history = History().enter("Train").schedule({"TrainingJobName": TRAINING_JOB})
    view = view_of(history, "RUNNING")
    assert view.last is not None
    assert view.last.status == "running"
    assert view.last.seconds(START + timedelta(seconds=7)) == 7
    assert not view.ended


def test_a_failed_state_keeps_its_last_error_and_counts_its_attempts() -> None:
    state = view_of(failed_training(), "FAILED").state("Train")
    assert state is not None
    assert (state.status, state.attempts, state.error) == ("failed", 2, "States.TaskFailed")
    assert readable_cause(state.cause) == "AlgorithmError: loss is nan"


def test_a_rejection_ends_in_its_fail_state() -> None:
    view = view_of(rejected(), "FAILED")
    assert view.last is not None
    assert (view.last.name, view.last.kind, view.last.status) == ("Rejected", "Fail", "failed")


def test_an_aborted_execution_leaves_its_state_aborted() -> None:
    history = History().enter("Train").add("ExecutionAborted", after=3)
    view = view_of(history, "ABORTED")
    assert view.last is not None
    assert view.last.status == "aborted"
    # Where DescribeExecution gives no stopDate, the last event does.
    assert view.seconds(START + timedelta(hours=1)) == 3


def test_a_redriven_state_runs_again() -> None:
    history = failed_training().add("ExecutionRedriven", after=60)
    state = view_of(history, "RUNNING").state("Train")
    assert state is not None
    assert (state.status, state.ended) == ("running", None)


def redriven_training(*, entered_again: bool) -> History:
    """A training that failed twice in 3 s, was redriven a minute later and then took 5 s."""
    history = failed_training().add("ExecutionRedriven", after=60)
    if entered_again:
        history.enter("Train")
    history.schedule({"TrainingJobName": "digits-0123456789ab-train-0-1"})
    return history.succeed({}, after=5).leave("Train").add("ExecutionSucceeded")


@pytest.mark.parametrize("entered_again", [False, True])
def test_a_redriven_state_shows_its_newest_attempt_and_a_finished_one_stays(
    entered_again: bool,
) -> None:
    view = view_of(redriven_training(entered_again=entered_again), "SUCCEEDED")
    prepare, train = view.states
    assert train.ended is not None
    assert prepare.ended is not None
    assert (train.status, train.attempts, train.error) == ("succeeded", 3, "")
    assert train.work is not None
    assert train.work.name.endswith("-train-0-1")
    assert train.seconds(train.ended) == 5
    assert prepare.seconds(prepare.ended) == 0.5
    assert view.last == train


def test_the_time_before_a_redrive_is_not_counted() -> None:
    view = view_of(redriven_training(entered_again=False), "SUCCEEDED")
    assert view.seconds(START + timedelta(hours=1)) == 0.5 + 3 + 5
    assert view.elapsed(START + timedelta(seconds=2)) == 2


def test_the_last_state_is_the_one_entered_last() -> None:
    history = History().enter("A").leave("A").add("X", after=1).enter("B").leave("B")
    view = view_of(history.add("X", after=1).enter("A"), "RUNNING")
    assert [state.name for state in view.states] == ["A", "B"]
    assert view.last is not None
    assert (view.last.name, view.last.status) == ("A", "running")


def test_an_execution_without_events_yet_has_no_states() -> None:
    view = execution.read({**DESCRIPTION, "status": "RUNNING"}, [])
    assert view.states == ()
    assert view.last is None
    assert view.arn == ARN


@pytest.mark.parametrize(
    ("cause", "expected"),
    [
        ('{"FailureReason": "AlgorithmError: x"}', "AlgorithmError: x"),
        ('{"FailureReason": "See job logs", "ExitMessage": "bad magic"}', "bad magic"),
        ('{"FailureReason": "AlgorithmError: x", "ExitMessage": ""}', "AlgorithmError: x"),
        ('{"errorType": "RunInputError", "errorMessage": "epochs"}', "epochs"),
        ('{"errorMessage": "timed out"}', "timed out"),
        ("plain words", "plain words"),
        ('["a list"]', '["a list"]'),
        ("{}", "{}"),
        ("", ""),
    ],
)
def test_the_cause_is_what_a_person_looks_for(cause: str, expected: str) -> None:
    assert readable_cause(cause) == expected


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (
            'AlgorithmError: ExecuteUserScriptError:\nExitCode -11\nErrorMessage ""',
            "SIGSEGV: a lib",
        ),
        ("AlgorithmError: , exit code: 137", "ended by SIGKILL: most likely the memory"),
        ("AlgorithmError: , exit code: 143", "ended by SIGTERM)"),
    ],
)
def test_a_signal_that_ended_a_script_is_named(reason: str, said: str) -> None:
    found = readable_cause(json.dumps({"FailureReason": reason}))

    assert found.startswith(reason)
    assert said in found


@pytest.mark.parametrize("code", ["exit code: 1", "exit code: 128", "exit code: 255", "ExitCode 1"])
def test_an_exit_code_of_the_script_itself_is_no_signal(code: str) -> None:
    reason = f"AlgorithmError: loss is nan, {code}"

    assert readable_cause(json.dumps({"FailureReason": reason})) == reason


def test_the_plan_is_certain_up_to_the_first_choice() -> None:
    definition = {
        "StartAt": "A",
        "States": {
            "A": {"Type": "Task", "Next": "B"},
            "B": {"Type": "Choice", "Choices": [], "Default": "C"},
            "C": {"Type": "Fail"},
        },
    }
    assert execution.planned_states(json.dumps(definition)) == ["A", "B"]


def test_the_plan_goes_on_where_one_way_leads_to_more_work() -> None:
    definition = {
        "StartAt": "TakeTurn",
        "States": {
            "TakeTurn": {"Type": "Task", "Next": "Turn"},
            "Turn": {
                "Type": "Choice",
                "Choices": [{"Next": "Prepare"}, {"Next": "Settle"}, {"Next": "Superseded"}],
            },
            "Settle": {"Type": "Wait", "Next": "TakeTurn"},
            "Superseded": {"Type": "Succeed"},
            "Prepare": {"Type": "Task", "Next": "Prepared"},
            "Prepared": {
                "Type": "Choice",
                "Choices": [
                    {"Next": "Evaluate"},  # where the model is there already
                    {"Next": "Train"},
                    {"Next": "Superseded"},
                ],
            },
            "Train": {"Type": "Task", "Next": "Evaluate"},
            "Evaluate": {"Type": "Task", "Next": "Gate"},
            "Gate": {"Type": "Choice", "Choices": [{"Next": "Register"}, {"Next": "Other"}]},
            "Register": {"Type": "Task", "Next": "Superseded"},
            "Other": {"Type": "Task", "Next": "Superseded"},
        },
    }
    assert execution.planned_states(json.dumps(definition)) == [
        "TakeTurn",
        "Turn",
        "Prepare",
        "Prepared",
        "Train",
        "Evaluate",
        "Gate",
    ]


def test_the_plan_of_a_loop_ends() -> None:
    loop = {"StartAt": "A", "States": {"A": {"Type": "Wait", "Next": "A"}}}
    assert execution.planned_states(json.dumps(loop)) == ["A"]


@pytest.mark.parametrize("named", ["arn:aws:lambda:us-east-1:123456789012:function:f", "f"])
@pytest.mark.parametrize("version", ["", ":7", ":$LATEST"])
def test_a_lambda_is_shown_without_its_version(named: str, version: str) -> None:
    work = execution.work_of({"parameters": json.dumps({"FunctionName": named + version})})

    assert work == execution.Work("f", "/aws/lambda/f", is_job=False)
