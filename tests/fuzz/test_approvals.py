"""Runs that approve by rule, in any order with each other, with people, and with their own deaths.

Each call to the registry is a step, and whose step is next is drawn. A run may die before a call
and is then begun again, as a retry or a redrive does.
"""

import threading
from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lambdas.errors import ThrottlingError
from lambdas.runs.approval import approve
from tests.fakes.sagemaker import FakeSageMaker
from tests.fuzz.cases import fuzzed

GROUP = "group"
RUNS = 3
SECONDS = 10.0  # no step takes as long
STATUSES = ("Approved", "Rejected", "PendingManualApproval")


class DeadError(Exception):
    """The run's process is gone."""


class Stepped(FakeSageMaker):
    """A registry whose callers wait, before each call, until they are let go on."""

    def __init__(self) -> None:
        super().__init__(GROUP)
        self.gates: dict[threading.Thread, Callable[[], None]] = {}

    def let_others_in(self, operation_name: str) -> None:
        """Wait for the step, if the caller is a run."""
        self.gates.get(threading.current_thread(), lambda: None)()

    def champion(self, besides: str | None = None) -> str | None:
        """Tell the newest Approved version, past every call."""
        approved = [p for p in self.groups[GROUP] if p["ModelApprovalStatus"] == "Approved"]
        arns = [p["ModelPackageArn"] for p in approved if p["ModelPackageArn"] != besides]
        return arns[-1] if arns else None


class Run:
    """A run that has registered its version, measured against the champion of its beginning."""

    def __init__(self, registry: Stepped) -> None:
        self._registry = registry
        self.measured = registry.champion()
        self.version = registry.register(GROUP, None, "PendingManualApproval")
        self.champions: set[str | None] = set()  # while it looks, its own version left out
        self._dying, self.ended, self.done = False, True, False
        self.failed: BaseException | None = None
        self._go, self._back = threading.Semaphore(0), threading.Semaphore(0)

    def step(self, *, dying: bool = False) -> None:
        """Go on to the next call, or die in its place; begin again after a death."""
        self._dying = dying
        if self.ended:
            self.ended = False
            self.champions.clear()
            thread = threading.Thread(target=self._work, daemon=True)
            self._registry.gates[thread] = self._wait
            thread.start()
        else:
            self._go.release()
        assert self._back.acquire(timeout=SECONDS)
        if self.failed is not None:
            raise self.failed

    def _work(self) -> None:
        champion = {"model_package_arn": self.measured, "model_sha256": "none"}
        try:
            registry: Any = self._registry
            approve(registry, self.version, GROUP, champion, "the rules hold")
        except (DeadError, ThrottlingError):
            self.done = False  # the state is tried again
        except BaseException as error:  # the thread's; `step` raises it
            self.failed = error
        else:
            self.done = True
        finally:
            self.ended = True
            self._back.release()

    def _wait(self) -> None:
        self._back.release()
        assert self._go.acquire(timeout=SECONDS)
        if self._dying:
            raise DeadError


def let_a_person(registry: Stepped, what: str, which: int) -> None:
    """Decide on a version, delete one, or register one."""
    packages = registry.groups[GROUP]
    if what == "registers" or not packages:
        registry.register(GROUP, None, STATUSES[which % len(STATUSES)])
        return
    package = packages[which % len(packages)]
    if what == "deletes":
        packages.remove(package)
    else:
        package |= {"ModelApprovalStatus": what, "ApprovalDescription": f"a person: {which}"}


def steps() -> st.SearchStrategy[list[tuple[Any, ...]]]:
    run = st.integers(0, RUNS - 1)
    person = st.sampled_from([*STATUSES, "deletes", "registers"])
    step = st.one_of(
        st.tuples(st.just("runs"), run),
        st.tuples(st.just("runs"), run),
        st.tuples(st.just("runs"), run),
        st.tuples(st.just("dies"), run),
        st.tuples(person, st.integers(0, 5)),
    )
    return st.lists(step, max_size=40)


@fuzzed
@given(
    begun=st.lists(st.sampled_from(STATUSES), max_size=3),
    way=steps(),
    ends=st.permutations(range(RUNS)),
)
def test_no_version_stays_approved_by_rule_that_was_measured_against_another_champion(
    begun: list[str], way: list[tuple[Any, ...]], ends: list[int]
) -> None:
    registry = Stepped()
    for status in begun:
        registry.register(GROUP, None, status)
    runs = [Run(registry) for _ in range(RUNS)]

    def step(run: Run, *, dying: bool = False) -> None:
        run.step(dying=dying)
        watch(registry, runs)

    for what, which in way:
        if what in {"runs", "dies"}:
            step(runs[which], dying=what == "dies")
        else:
            let_a_person(registry, what, which)
            watch(registry, runs)
    for run in (runs[number] for number in ends):
        step(run)  # goes on; one that never began, died or ended begins, as by a redrive
        while not (run.ended and run.done):
            step(run)

    for run in runs:
        if by_rule(registry, run):
            assert run.measured in run.champions


def watch(registry: Stepped, runs: list[Run]) -> None:
    """Note who is champion beside each version that is approved by rule, while its run looks."""
    for run in runs:
        if not by_rule(registry, run):
            run.champions.clear()
        elif not run.ended or not run.champions:
            run.champions.add(registry.champion(besides=run.version))


def by_rule(registry: Stepped, run: Run) -> bool:
    """Tell whether the run's version is Approved, and by the run."""
    approved = [p for p in registry.groups[GROUP] if p["ModelApprovalStatus"] == "Approved"]
    said = {p["ModelPackageArn"]: str(p.get("ApprovalDescription")) for p in approved}
    return said.get(run.version, "").startswith("the rules hold")
