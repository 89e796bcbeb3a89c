"""Executions of the state machine in simulated time: the definition itself is walked through.

Every state that is entered is a transition, and each retry one more, as AWS counts them:
https://aws.amazon.com/step-functions/pricing/
"""

import contextlib
import math
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.simulation.calls import TURN, requests
from benchmarks.simulation.prices import UnknownFigureError
from benchmarks.simulation.services import Account, Job, Steps, TaskError
from lambdas.take_turn import PAGE_SIZE, patience

JOBS = {"sagemaker:createProcessingJob.sync", "sagemaker:createTrainingJob.sync"}
# The longest way through the machine: every run is prepared, passes the gate and is registered.
ANSWERS = {"prepare_run": "prepared", "check_metrics": "register"}
ANY_ERROR = {"States.ALL", "States.TaskFailed"}


@dataclass
class Run:
    """One data set on its way: seconds since the simulation began, None for what is not yet."""

    number: int
    uploaded: float
    started: float | None = None
    had_its_turn: float | None = None
    ended: float | None = None
    error: str | None = None
    transitions: int = 0
    questions: int = 0


class StateMachine:
    """One deployed state machine, and its executions in the order of their start."""

    def __init__(self, definition: dict[str, Any], account: Account, keep_alive_seconds: int):
        """``keep_alive_seconds`` of 0 leaves training jobs as the definition has them."""
        self._definition, self._account = definition, account
        self._states: dict[str, dict[str, Any]] = definition["States"]
        self._keep_alive = keep_alive_seconds
        turn = self._states["TakeTurn"]["Parameters"]["Payload"]
        self._settle: int = turn["settle_seconds"]
        self._most: int = turn["max_concurrent_runs"]
        self._types = instance_types(definition)
        self._running: list[int] = []
        self.most_running = 0

    def execute(self, run: Run) -> Steps:
        """Let a run's execution start, take its turn, do its work and end."""
        env = self._account.env
        run.started = env.now
        # Numbers grow with the time of the upload, and so nearly with that of the start.
        self._running.insert(bisect_left(self._running, run.number), run.number)
        self.most_running = max(self.most_running, len(self._running))
        try:
            yield from self._walk(run)
        except TaskError as error:
            run.error = str(error)
        run.ended = env.now
        self._running.pop(bisect_left(self._running, run.number))

    def _walk(self, run: Run) -> Steps:
        name: str = self._definition["StartAt"]
        answer: dict[str, Any] = {}
        while True:
            state = self._states[name]
            self._enter(run)
            if state["Type"] == "Task":
                answer = (yield from self._task(name, state, run)) or answer
            elif state["Type"] == "Wait":
                yield self._account.env.timeout(answer["seconds"])
            elif state["Type"] == "Fail":
                run.error = state["Error"]
            if state["Type"] in {"Succeed", "Fail"}:
                return
            name = chosen(name, state, answer) if state["Type"] == "Choice" else state["Next"]

    def _enter(self, run: Run) -> None:
        run.transitions += 1
        # Too many are delayed, for less than anything here takes, and not refused.
        self._account.rates["StateTransition"].take()

    def _task(self, name: str, state: dict[str, Any], run: Run) -> Steps:
        """Do a task, again where its Retry says so. Raises TaskError where that is used up."""
        tried = [0] * len(state.get("Retry", ()))
        while True:
            try:
                return (yield from self._once(name, state, run))
            except TaskError as error:
                number, retrier = matching(state.get("Retry", []), str(error))
                if retrier is None or tried[number] >= retrier["MaxAttempts"]:
                    raise
                yield self._account.env.timeout(self._delay(retrier, tried[number]))
                tried[number] += 1
                self._enter(run)

    def _delay(self, retrier: dict[str, Any], tried: int) -> float:
        """Seconds before the next try.

        https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
        """
        longest = retrier["IntervalSeconds"] * retrier["BackoffRate"] ** tried
        longest = min(longest, retrier.get("MaxDelaySeconds", math.inf))
        full = retrier.get("JitterStrategy") == "FULL"
        return self._account.chance.uniform(0, longest) if full else longest

    def _once(self, name: str, state: dict[str, Any], run: Run) -> Steps:
        action = state["Resource"].split(":states:::", 1)[-1]
        if action == "lambda:invoke":
            return (yield from self._invoke(function_of(state), run))
        if action in JOBS:
            yield from self._account.run_job(job_of(name, state, self._types, self._keep_alive))
        elif action == "aws-sdk:sagemaker:createModelPackage":
            yield self._account.env.timeout(self._account.figures.assumed("register_seconds"))
            self._account.env.process(self._announce())
        else:
            raise UnknownFigureError(f"{name}: nobody has simulated {action!r} yet")
        return None

    def _announce(self) -> Steps:
        with contextlib.suppress(TaskError):  # Lambda tries again later; nobody waits for it
            yield from self._account.invoke("announce_approval", {})

    def _invoke(self, function: str, run: Run) -> Steps:
        if function != "take_turn":
            yield from self._account.invoke(function, {})
            return {"outcome": ANSWERS.get(function)}
        run.questions += 1
        env = self._account.env
        assert run.started is not None
        left = math.ceil(self._settle - (env.now - run.started))
        if left > 0:
            yield from self._account.invoke(function, {})
            return {"outcome": "settle", "seconds": left}
        pages = math.ceil(len(self._running) / PAGE_SIZE)
        yield from self._account.invoke(function, {"ListExecutions": pages})
        turns = bisect_left(self._running, run.number) - self._most + 1
        if turns > 0:
            seconds = patience(turns, env.now - run.started)
            return {"outcome": "wait", "seconds": seconds}
        self._account.request(*requests(TURN, files=0))
        yield from self._account.call("DescribeExecution")  # of who had the turn before
        run.had_its_turn = env.now
        return {"outcome": "go"}


def chosen(name: str, state: dict[str, Any], answer: dict[str, Any]) -> str:
    """The state that a Choice goes on with, after a task's ``outcome``."""
    ways = {rule.get("StringEquals"): str(rule["Next"]) for rule in state["Choices"]}
    way = ways.get(answer.get("outcome"), state.get("Default"))
    if way is None:
        raise UnknownFigureError(
            f"{name}: no way for {answer.get('outcome')!r}, found {sorted(map(str, ways))}"
        )
    return way


def matching(retriers: list[dict[str, Any]], error: str) -> tuple[int, dict[str, Any] | None]:
    """The first retrier that the error matches, and its place; (0, None) where there is none."""
    for number, retrier in enumerate(retriers):
        if error in retrier["ErrorEquals"] or ANY_ERROR & set(retrier["ErrorEquals"]):
            return number, retrier
    return 0, None


def function_of(state: dict[str, Any]) -> str:
    """The name of the Lambda behind a state, without pipeline and stage."""
    arn: str = state["Parameters"]["FunctionName"]
    return arn.rsplit(":", 1)[-1].rsplit("-", 1)[-1]


def instance_types(definition: dict[str, Any]) -> dict[str, str]:
    """The type of each job's instances in a run whose input asks for no others, by path."""
    prepare = definition["States"]["PrepareRun"]["Parameters"]["Payload"]
    types: dict[str, str] = prepare["defaults"]["instance_types"]
    return {f"$.instance_types.{job}": of_it for job, of_it in types.items()}


def job_of(
    name: str, state: dict[str, Any], types: Mapping[str, str], keep_alive_seconds: int = 0
) -> Job:
    """The job of a state; training is kept warm as the definition says, or as is given here."""
    asked = state["Parameters"]
    if "ResourceConfig" in asked:
        kind, cluster = "training", asked["ResourceConfig"]
        kept = keep_alive_seconds or cluster.get("KeepAlivePeriodInSeconds", 0)
    else:
        kind, cluster, kept = "processing", asked["ProcessingResources"]["ClusterConfig"], 0
    return Job(
        name,
        kind,
        types[cluster["InstanceType.$"]],
        cluster["InstanceCount"],
        cluster["VolumeSizeInGB"],
        kept,
    )
