"""Loads, and what becomes of them: one account, simulated from the uploads to the registry."""

import copy
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import simpy

from benchmarks.simulation.executions import Run, StateMachine
from benchmarks.simulation.prices import Figures
from benchmarks.simulation.services import Account, Steps
from benchmarks.simulation.uploads import Trigger
from state_machine import config
from state_machine.artifacts import bundle
from state_machine.config import PipelineConfig
from state_machine.definition import workflow
from state_machine.definition.deployed import Deployed
from state_machine.functions.catalogue import LAMBDAS
from state_machine.names import Names

PROJECT = Path(__file__).parents[2]
DAY, HOUR = 86400.0, 3600.0
SEED = 6
MB_OF_A_GB = 1024


@dataclass(frozen=True)
class Scenario:
    """A load, and what pipeline.toml and the account allow for it.

    ``per_day`` retrainings a day arrive at random over ``hours``, or all of them evenly within
    ``burst_seconds``; the simulation goes on for ``grace_hours``, for what is under way to end. Of
    several ``accounts`` each gets an equal share, and has these quotas. The instances are those
    that the jobs of each kind may have at once.
    """

    name: str
    per_day: int
    hours: float
    max_concurrent_runs: int
    training_instances: int
    processing_instances: int
    keep_alive_seconds: int = 0
    accounts: int = 1
    burst_seconds: float = 0
    grace_hours: float = 2

    @property
    def share(self) -> float:
        """Retrainings a day in each account."""
        return self.per_day / self.accounts


# By the heading of their table in docs/scale.md.
LOADS: dict[str, list[Scenario]] = {
    "10": [
        Scenario("as deployed", 10, 30 * 24, 1, 4, 4),
        Scenario("all within a minute", 10, 0, 1, 4, 4, burst_seconds=60, grace_hours=24),
        Scenario("the same, 4 at once", 10, 0, 4, 4, 4, burst_seconds=60, grace_hours=24),
    ],
    "1,000": [
        Scenario("as deployed", 1000, 24, 1, 4, 4),
        Scenario("20 at once, a new account", 1000, 24, 20, 4, 4),
        Scenario("20 at once, 20 instances", 1000, 24, 20, 20, 20),
        Scenario("the same, kept warm", 1000, 24, 20, 20, 20, keep_alive_seconds=60),
        Scenario("all within 10 s", 1000, 0, 20, 20, 20, burst_seconds=10, grace_hours=24),
    ],
    "100,000": [
        Scenario("as deployed", 100_000, 1, 1, 4, 4),
        Scenario("100 at once, 100 instances", 100_000, 1, 100, 100, 100),
        Scenario("no turns, 2,000 instances", 100_000, 1, 2000, 2000, 2000),
        Scenario("10 accounts, 100 at once", 100_000, 6, 100, 100, 100, accounts=10),
        Scenario("20 accounts, 60 at once, warm", 100_000, 6, 60, 60, 60, 60, 20),
    ],
}
# How many uploads at once get through.
BURSTS = [
    Scenario(f"{count:,}", count, 0, 20, 20, 20, burst_seconds=10, grace_hours=24)
    for count in (100, 300, 600, 1000)
]
# When warm pools pay: by retrainings a day in one account, and the seconds that training is kept.
WARM_LOADS, WARM_SECONDS = (1000, 2000, 5000, 10_000), (0, 30, 60, 120, 300)
WARM = [
    [
        Scenario(f"{per_day:,}", per_day, 24 * 1000 / per_day, 100, 100, 100, seconds)
        for seconds in WARM_SECONDS
    ]
    for per_day in WARM_LOADS
]
# Of this one every run goes through at once: what it asks for is what a run needs.
WITHOUT_A_LINE = Scenario("a run at a time", 100, 24, 100, 100, 100)


@dataclass(frozen=True)
class Outcome:
    """What one account did: seconds count from the first moment, ``end`` is the last one."""

    scenario: Scenario
    figures: Figures
    runs: list[Run]
    account: Account
    most_running: int
    end: float

    @property
    def finished(self) -> bool:
        """Whether every run has ended: what came in also went out."""
        return all(run.ended is not None for run in self.runs)

    @property
    def days(self) -> float:
        """How many days of its load the account has seen, or of work where a line is left."""
        if self.scenario.burst_seconds:
            return 1
        return self.scenario.hours / 24 if self.finished else self.end / DAY


@dataclass(frozen=True)
class Design:
    """What would be deployed: the definition, of how many files a data set is, Lambdas' memory."""

    definition: dict[str, Any]
    files: int
    memory_gb: float

    def with_runs_at_once(self, most: int) -> dict[str, Any]:
        """The definition for another `max_concurrent_runs`; pipeline.toml takes up to 100."""
        changed = copy.deepcopy(self.definition)
        changed["States"]["TakeTurn"]["Parameters"]["Payload"]["max_concurrent_runs"] = most
        return changed


def design(region: str, pipeline: PipelineConfig | None = None) -> Design:
    """Build the definition as `retrain deploy` does, of the repository's own pipeline.toml."""
    pipeline = pipeline or config.load(PROJECT / "pipeline.toml")
    names = Names(pipeline.name, "dev", "123456789012", region)
    code = bundle.pack(pipeline.code.scripts, names.bucket)
    memory_mb = max(each.memory_mb for each in LAMBDAS)
    return Design(
        workflow.as_dict(pipeline, Deployed(names, code)),
        len(pipeline.data.required_files),
        memory_mb / MB_OF_A_GB,
    )


def simulate(scenario: Scenario, of: Design, figures: Figures, seed: int = SEED) -> Outcome:
    """Let the uploads of a scenario arrive in one account, and see what becomes of them.

    The same ``seed`` gives the same outcome.
    """
    chance = random.Random(seed)  # noqa: S311
    env = simpy.Environment()
    instances = {
        "training": scenario.training_instances,
        "processing": scenario.processing_instances,
    }
    account = Account(env, figures, chance, instances, of.files)
    asl = of.with_runs_at_once(scenario.max_concurrent_runs)
    machine = StateMachine(asl, account, scenario.keep_alive_seconds)
    trigger = Trigger(account, machine, of.files)
    runs = [Run(number, at) for number, at in enumerate(arrivals(scenario, chance))]
    env.process(_arrive(env, runs, trigger))
    env.run(until=_all_ended(env, runs, _latest(scenario)))
    return Outcome(scenario, figures, runs, account, machine.most_running, env.now)


def arrivals(scenario: Scenario, chance: random.Random) -> Iterator[float]:
    """Yield when the uploads of one account begin: a Poisson process, or evenly in a burst."""
    if scenario.burst_seconds:
        count = round(scenario.share)
        yield from (scenario.burst_seconds * number / count for number in range(count))
        return
    at = chance.expovariate(scenario.share / DAY)
    while at < scenario.hours * HOUR:
        yield at
        at += chance.expovariate(scenario.share / DAY)


def _latest(scenario: Scenario) -> float:
    return (scenario.burst_seconds or scenario.hours * HOUR) + scenario.grace_hours * HOUR


def _arrive(env: simpy.Environment, runs: list[Run], trigger: Trigger) -> Steps:
    for run in runs:
        yield env.timeout(run.uploaded - env.now)
        env.process(trigger.upload(run))


def _all_ended(env: simpy.Environment, runs: list[Run], latest: float) -> simpy.Event:
    """An event for when every run has ended, which is looked at each minute, or the latest time."""

    def watch() -> Steps:
        while env.now < latest and any(run.ended is None for run in reversed(runs)):
            yield env.timeout(min(60, latest - env.now))

    return env.process(watch())
