import re

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from lambdas.data_sets.data_sets import DataSet, ObjectVersion
from lambdas.errors import InvalidInputError
from lambdas.runs.executions import (
    check_name,
    execution_name,
    reproduction_name,
    run_id,
    start_once,
)
from lambdas.runs.input import RUN_ID
from lambdas.runs.ledger import Ledger

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:retrain-dev"
EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:retrain-dev:"
PLAIN = r"[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?"


@pytest.fixture
def ledger(s3) -> Ledger:
    return Ledger(s3, next(iter(s3.buckets)))


def dataset(name: str) -> DataSet:
    version = ObjectVersion(f"raw_data/{name}/images.gz", "v1", "e", 1)
    return DataSet(name, f"s3://bucket/raw_data/{name}/", (version,), ())


def test_the_name_is_slug_and_fingerprint():
    digits = dataset("digits")
    assert execution_name(digits, {}) == f"digits-{digits.fingerprint[:12]}"


@pytest.mark.parametrize("name", ["a", "Fashion MNIST (v2)", "café + thé", "数字", "-", "x" * 200])
@pytest.mark.parametrize("hyperparameters", [{}, {"epochs": 3}])
def test_names_fit_run_ids(name, hyperparameters):
    found = execution_name(dataset(name), hyperparameters)
    assert re.fullmatch(PLAIN, found)
    assert len(found) <= 40
    assert run_id(EXECUTION + found) == found


def test_data_sets_with_the_same_slug_do_not_collide():
    names = {execution_name(dataset(name), {}) for name in ("数字", "文字", "run", "a b", "a+b")}
    assert len(names) == 5


def test_other_hyperparameters_are_another_name():
    digits = dataset("digits")
    names = {
        execution_name(digits, {}),
        execution_name(digits, {"epochs": 3}),
        execution_name(digits, {"epochs": 4}),
        execution_name(digits, {"epochs": 4, "seed": 1}),
    }
    assert len(names) == 4
    assert execution_name(digits, {"seed": 1, "epochs": 4}) in names


@pytest.mark.parametrize("name", ["digits-0123456789ab", "a", "x" * 40])
def test_a_plain_execution_name_is_the_run_id(name):
    assert run_id(EXECUTION + name) == name


NAMES = st.text(alphabet="ab-_x", min_size=1, max_size=80) | st.builds(
    "{}{}".format,
    st.sampled_from(["", "a", "a-", "x" * 30, "-"]),
    st.sampled_from(["short-0123456789ab", "-short-0123456789ab", "short-0123"]),
)


@given(names=st.lists(NAMES, unique=True, min_size=1, max_size=5))
def test_no_execution_has_the_run_id_of_another(names):
    names += [run_id(EXECUTION + name) for name in names]  # whoever knows an id may take it
    names += [run_id(EXECUTION + name) for name in names]
    names = list(dict.fromkeys(names))
    found = [run_id(EXECUTION + name) for name in names]
    assert len(set(found)) == len(names)
    assert all(re.fullmatch(RUN_ID, each) for each in found)


@pytest.mark.parametrize("name", ["x" * 41, "x" * 80, "my_run.1", "-run", "run-", "数字", "été!"])
def test_other_execution_names_are_shortened_with_a_hash(name):
    found = run_id(EXECUTION + name)
    assert re.fullmatch(PLAIN + "-[0-9a-f]{12}", found)
    assert len(found) <= 40
    assert found != run_id(EXECUTION + name + "2")


def test_starts_a_name_once(stepfunctions, ledger):
    first = start_once(stepfunctions, ledger, MACHINE, "digits-1", {"dataset": "digits"})
    again = start_once(stepfunctions, ledger, MACHINE, "digits-1", {"dataset": "digits"})
    assert (first.started, again.started) == (True, False)
    assert first.execution_arn == again.execution_arn == EXECUTION + "digits-1"
    assert again.message == "execution digits-1 of the same data and input is RUNNING"


@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED", "ABORTED"])
def test_a_name_that_has_ended_is_not_started_again(stepfunctions, ledger, status):
    start_once(stepfunctions, ledger, MACHINE, "digits-1", {})
    stepfunctions.end(EXECUTION + "digits-1", status)
    again = start_once(stepfunctions, ledger, MACHINE, "digits-1", {})
    assert (again.started, again.message.split()[-1]) == (False, status)


SUPERSEDED = {"outcome": "superseded", "superseded_by": "0" * 64}


def test_a_superseded_execution_is_no_run_of_its_data(stepfunctions, ledger):
    for number in ("", "-2", "-3"):
        start = start_once(stepfunctions, ledger, MACHINE, "digits-1", {"dataset": "digits"})
        assert (start.started, start.execution_arn) == (True, f"{EXECUTION}digits-1{number}")
        stepfunctions.end(start.execution_arn, output=SUPERSEDED)


def test_who_has_given_its_data_up_is_passed_over_running_failed_or_forgotten(
    stepfunctions, ledger
):
    for number in ("", "-2", "-3"):
        start = start_once(stepfunctions, ledger, MACHINE, "digits-1", {"dataset": "digits"})
        assert (start.started, start.execution_arn) == (True, f"{EXECUTION}digits-1{number}")
        ledger.give_up(start.execution_arn)
        if number:
            stepfunctions.end(start.execution_arn, "FAILED")
        if number == "-3":
            stepfunctions.forget()
    assert start_once(stepfunctions, ledger, MACHINE, "digits-1", {}).started


def test_the_run_that_follows_a_superseded_one_is_not_run_again(stepfunctions, ledger):
    first = start_once(stepfunctions, ledger, MACHINE, "digits-1", {})
    stepfunctions.end(first.execution_arn, output=SUPERSEDED)
    second = start_once(stepfunctions, ledger, MACHINE, "digits-1", {})
    stepfunctions.end(second.execution_arn, output={"outcome": "prepared"})
    third = start_once(stepfunctions, ledger, MACHINE, "digits-1", {})
    assert (third.started, third.ended) == (False, True)
    assert third.execution_arn == second.execution_arn == EXECUTION + "digits-1-2"


@pytest.mark.parametrize("settings", [{}, {"epochs": 3}])
def test_a_further_name_fits_and_tells_as_much_as_the_first(stepfunctions, ledger, settings):
    name = execution_name(dataset("fashion mnist without any shoes at all"), settings)
    assert len(name) >= 39
    for _ in range(11):
        start = start_once(stepfunctions, ledger, MACHINE, name, {})
        stepfunctions.end(start.execution_arn, output=SUPERSEDED)
    last = start.execution_arn.rsplit(":", 1)[-1]
    identity = name.split("-", 3)[-1] if settings else name.rsplit("-", 1)[-1]
    assert (last[:8], len(last) <= 40) == ("fashion-", True)
    assert last.endswith(f"{identity[-21:]}-11")
    assert run_id(start.execution_arn) == last


def test_losing_a_race_is_no_error(stepfunctions, ledger):
    stepfunctions.refuse("StartExecution", "ExecutionAlreadyExists", 400)
    start = start_once(stepfunctions, ledger, MACHINE, "digits-1", {})
    assert not start.started
    assert start.execution_arn == EXECUTION + "digits-1"


@pytest.mark.parametrize("call", ["StartExecution", "DescribeExecution"])
def test_other_errors_are_raised(stepfunctions, ledger, call):
    stepfunctions.refuse(call, "ThrottlingException", 400)
    with pytest.raises(ClientError, match="ThrottlingException"):
        start_once(stepfunctions, ledger, MACHINE, "digits-1", {})


def test_a_name_that_step_functions_has_forgotten_is_not_started_again(stepfunctions, ledger):
    first = start_once(stepfunctions, ledger, MACHINE, "digits-1", {"dataset": "digits"})
    stepfunctions.end(first.execution_arn)
    stepfunctions.forget()
    again = start_once(stepfunctions, ledger, MACHINE, "digits-1", {"dataset": "digits"})
    assert (again.started, again.ended) == (False, True)
    assert again.message == (
        "execution digits-1 of the same data and input was started on 2026-01-01"
    )
    assert len(stepfunctions.started) == 1


@pytest.mark.parametrize("call", ["DescribeExecution", "HeadObject", "StartExecution", "PutObject"])
def test_of_two_callers_at_once_the_first_in_the_ledger_has_started_it(
    stepfunctions, s3, ledger, call
):
    starts = []

    def start() -> None:
        starts.append(start_once(stepfunctions, ledger, MACHINE, "digits-1", {"dataset": "digits"}))

    fake = s3 if call in ("HeadObject", "PutObject") else stepfunctions
    fake.just_before(call, start)
    start()
    assert [s.started for s in starts] in ([True, False], [False, True])
    assert len({s.execution_arn for s in starts}) == len(stepfunctions.started) == 1


def test_dead_between_start_and_ledger_is_repeated_without_a_second_execution(
    stepfunctions, s3, ledger
):
    s3.refuse("PutObject", "InternalError", 500)
    with pytest.raises(ClientError, match="InternalError"):
        start_once(stepfunctions, ledger, MACHINE, "digits-1", {})
    s3.accept("PutObject")
    again = start_once(stepfunctions, ledger, MACHINE, "digits-1", {})
    assert (again.started, again.execution_arn) == (False, EXECUTION + "digits-1")
    assert len(stepfunctions.started) == 1


def test_dead_before_the_start_leaves_nothing_in_the_way(stepfunctions, ledger):
    stepfunctions.refuse("StartExecution", "InternalError", 500)
    with pytest.raises(ClientError, match="InternalError"):
        start_once(stepfunctions, ledger, MACHINE, "digits-1", {})
    stepfunctions.accept("StartExecution")
    assert start_once(stepfunctions, ledger, MACHINE, "digits-1", {}).started


def test_the_execution_itself_may_be_first_in_the_ledger(stepfunctions, s3, ledger):
    arn = EXECUTION + "digits-1"
    s3.just_before("PutObject", lambda: ledger.enter(arn, {}, starter=""))
    assert start_once(stepfunctions, ledger, MACHINE, "digits-1", {}).started


def test_a_reproduction_has_a_name_of_its_own_that_is_a_run_id():
    long = "fashion-mnist-without-shoes-0123456789ab"
    name = reproduction_name(long, "request-1")
    assert run_id(f"arn:aws:states:us-east-1:123456789012:execution:retrain-dev:{name}") == name
    assert name.startswith("fashion-mnist-without-sho-repro-")
    assert name != reproduction_name(long, "request-2")


@pytest.mark.parametrize("name", ["it's", "(a)", "a!b"])
def test_a_name_that_no_jobs_tag_can_hold_is_refused(name):
    with pytest.raises(InvalidInputError, match=r"name: found .* expected letters, digits"):
        check_name(f"arn:aws:states:us-east-1:123456789012:execution:retrain-dev:{name}")


@pytest.mark.parametrize("name", ["digits-67b3967ee2dc", "a.b_c=d+e@f", "größe"])
def test_a_name_that_a_jobs_tag_can_hold_is_taken(name):
    check_name(f"arn:aws:states:us-east-1:123456789012:execution:retrain-dev:{name}")
