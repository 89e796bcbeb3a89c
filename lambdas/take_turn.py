"""TakeTurn, the first state: may this execution go on now?

It is asked again after every wait, so each answer holds for the moment in which it is given:

==========  =======================================================================================
settle      the execution is young, and its data set may be half overwritten
incomplete  the data set is not complete any more: files of it are missing, or on their way
superseded  the data set is another complete one than the execution was started for
wait        as many earlier executions as may run at once have not ended
go          it is this execution's turn
==========  =======================================================================================

Executions take turns in the order of their start, as far as the list of executions tells: the list
may be some seconds old. How many go at once it does not decide, the turns in S3 do. Nobody hands a
turn on: whoever ends, however it ends, is no longer RUNNING, so no end can be missed and nothing
can be left locked.
"""

import logging
import math
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from lambdas.boundary.transient import naming_transient_errors
from lambdas.data_sets.data_sets import DataSet, DataSets
from lambdas.runs import input as run_input
from lambdas.runs.executions import check_name, start_on_upload
from lambdas.runs.input import RunInput
from lambdas.runs.ledger import Ledger
from lambdas.runs.succession import Succession
from lambdas.runs.turns import Turns

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_stepfunctions import SFNClient

log = logging.getLogger(__name__)

Answer = dict[str, Any]

# Seconds between two questions: the shortest for each turn that has to end first, never less than a
# twentieth of the time waited so far, never more than the longest. An execution's history may hold
# 25,000 events, https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html, and a
# question costs 9: entered, scheduled, started, succeeded and exited, two of the choice, two of the
# wait. In LONGEST_WAIT there are at most 20 in the first 100 s, 109 until the longest is reached
# after five hours, and 1,324 from there on: 1,453 x 9 = 13,077 events.
SHORTEST, LONGEST = 5, 900
PART_OF_THE_TIME_WAITED = 20
LONGEST_WAIT = 14 * 24 * 3600  # seconds that the state machine allows for waiting

# Executions in an answer of ListExecutions: the most there are, because an account may ask five
# times a second, and everybody who waits asks for the whole line: docs/scale.md.
PAGE_SIZE = 1000


@naming_transient_errors
def take_turn(
    event: Mapping[str, Any], *, now: datetime, s3: "S3Client", stepfunctions: "SFNClient"
) -> Answer:
    """Return ``outcome``, one of the five above, ``message``, and ``seconds`` if it is to wait.

    ``event`` holds ``execution`` (arn, started_at), its ``input``, the deployment's ``defaults``,
    ``settle_seconds`` and ``max_concurrent_runs``. An input without a fingerprint means whatever
    data there is: it neither settles nor is superseded. An execution that goes has written its
    turn, and one that gives its data up the note in the ledger, and has started the one that takes
    its place; no other writes anything.

    Raises InvalidInputError, at the beginning and not after hours of waiting, ThrottlingError,
    NoCompleteDataSetError, and IncompleteDataSetError where the data set is gone or was left
    incomplete for too long.
    """
    execution = event["execution"]
    check_name(execution["arn"])
    asked = run_input.of_execution(event)
    age = (now - datetime.fromisoformat(execution["started_at"])).total_seconds()
    answer = _about_the_data(event, asked, now, s3, stepfunctions)
    if answer is None:
        running = _running(stepfunctions, execution["arn"])
        turns = Turns(s3, stepfunctions, event["defaults"]["bucket"], _line(execution["arn"]))
        line = _about_the_line(running, execution["arn"], event, age)
        answer = _about_the_turn(turns, event, now, line)
    log.info(answer["message"], extra={"outcome": answer["outcome"], "execution": execution["arn"]})
    return answer


def _about_the_data(
    event: Mapping[str, Any],
    asked: RunInput,
    now: datetime,
    s3: "S3Client",
    stepfunctions: "SFNClient",
) -> Answer | None:
    """Return the answer that the data set requires, None where it stands in nobody's way."""
    if asked.fingerprint is None:
        return None
    arn, ledger = event["execution"]["arn"], Ledger(s3, event["defaults"]["bucket"])
    started = datetime.fromisoformat(event["execution"]["started_at"])
    look = partial(DataSets.of(s3, event["defaults"]).now, asked.dataset)
    start = partial(start_on_upload, stepfunctions, ledger, _machine(arn))
    dataset = look()
    succession = Succession(arn, started, asked.fingerprint, look, start, ledger)
    age = (now - started).total_seconds()
    if answer := succession.answer(dataset, now):
        return _asking_again(answer, age)
    return _settling(dataset, event, age)


def _asking_again(answer: Answer, age: float) -> Answer:
    """Let who waits for a data set ask as often as who is the next in the line."""
    if "seconds" not in answer:
        return answer
    return answer | {"seconds": min(answer["seconds"], patience(1, age))}


def _settling(dataset: DataSet, event: Mapping[str, Any], age: float) -> Answer | None:
    seconds = math.ceil(event["settle_seconds"] - age)
    # What never held other files is whole as soon as it is complete: nothing old is left in it.
    if seconds > 0 and dataset.replaces:
        message = f"{seconds} s for more files of data set {dataset.name!r} to arrive"
        return {"outcome": "settle", "message": message, "seconds": seconds}
    return None


def _about_the_turn(turns: Turns, event: Mapping[str, Any], now: datetime, line: Answer) -> Answer:
    """Return what the ``line`` answers, unless the turns say otherwise."""
    arn, most = event["execution"]["arn"], event["max_concurrent_runs"]
    if line["outcome"] != "go":
        # Who asks again, because its data were changed, has its turn still: those that the list did
        # not show when it took it wait for its end, and it may not wait for theirs.
        has = turns.has(arn, most)
        return {"outcome": "go", "message": "this execution has its turn"} if has else line
    holder = turns.take(arn, most, now)
    if holder == arn:
        return line
    # Of executions that start together the list may have shown each of them none of the others.
    name = holder.rsplit(":", 1)[-1]
    return {"outcome": "wait", "message": f"{name} has the turn", "seconds": SHORTEST}


def _about_the_line(running: list[str], arn: str, event: Mapping[str, Any], age: float) -> Answer:
    if arn not in running:
        # ListExecutions is eventually consistent. Who is not listed yet cannot know its place.
        message = "this execution is not listed as running yet"
        return {"outcome": "wait", "message": message, "seconds": SHORTEST}
    earlier, most = running[: running.index(arn)], event["max_concurrent_runs"]
    if len(earlier) < most:
        place = f"{len(earlier)} earlier executions are running, {most} may run at once"
        return {"outcome": "go", "message": place}
    turns = len(earlier) - most + 1
    first = earlier[0].rsplit(":", 1)[-1]
    return {
        "outcome": "wait",
        "message": f"waiting for {turns} of {len(earlier)} earlier executions to end, "
        f"of which {first} is the first; {most} may run at once",
        "seconds": patience(turns, age),
    }


def patience(turns: int, age: float) -> int:
    """Return the seconds after which an execution that waits for its turn asks again.

    ``turns`` is how many executions have to end first, ``age`` the seconds since its own start.
    """
    return min(max(SHORTEST * turns, int(age) // PART_OF_THE_TIME_WAITED), LONGEST)


def _running(stepfunctions: "SFNClient", execution_arn: str) -> list[str]:
    """Return the ARNs of the machine's running executions, by their start and then their name.

    https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html
    """
    pages = stepfunctions.get_paginator("list_executions").paginate(
        stateMachineArn=_machine(execution_arn),
        statusFilter="RUNNING",
        PaginationConfig={"PageSize": PAGE_SIZE},
    )
    # A set: one that starts meanwhile may move another to a page that is still to come.
    found = {
        (execution["startDate"], execution["name"], execution["executionArn"])
        for page in pages
        for execution in page["executions"]
    }
    return [arn for _, _, arn in sorted(found)]


def _line(execution_arn: str) -> str:
    """Return how the ARNs of all executions of the machine begin."""
    return execution_arn.rsplit(":", 1)[0] + ":"


def _machine(execution_arn: str) -> str:
    return execution_arn.replace(":execution:", ":stateMachine:").rsplit(":", 1)[0]
