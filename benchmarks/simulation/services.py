"""AWS as a run meets it: Lambdas, jobs, and calls that may be refused."""

import random
from collections import defaultdict
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import simpy

from benchmarks.simulation import calls as simulation_calls
from benchmarks.simulation.prices import Figures
from benchmarks.simulation.quotas import Level, TokenBucket

Steps = Generator[simpy.Event, Any, Any]

# What boto3 does about throttling, as app.py configures it: five retries in its standard mode.
# https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
RETRIES, LONGEST_BACKOFF = 5, 20
RATES = (
    "StartExecution",
    "DescribeExecution",
    "ListExecutions",
    "CreateTrainingJob",
    "CreateProcessingJob",
    "StateTransition",
)
# What a run's three jobs ask of S3 is assumed of all of them together.
JOBS_OF_A_RUN = 3
S3_OF_JOBS = ("job_puts", "job_gets")


class TaskError(Exception):
    """A task fails with this error, by the name that a Retry of the definition knows."""


@dataclass(frozen=True)
class Job:
    """A job as the definition asks for it."""

    step: str
    kind: str  # processing or training
    instance_type: str
    instance_count: int
    volume_gb: int
    keep_alive_seconds: int


@dataclass
class Used:
    """What was used so far, in the units that AWS prices."""

    invocations: int = 0
    lambda_seconds: float = 0
    s3_puts: float = 0
    s3_gets: float = 0
    # By (kind of job, instance type): seconds of instances that are billed, and GB-seconds.
    instance_seconds: dict[tuple[str, str], float] = field(
        default_factory=lambda: defaultdict(float)
    )
    volume_gb_seconds: float = 0


class Account:
    """One account in one region: its quotas, and what is used of them."""

    def __init__(
        self,
        env: simpy.Environment,
        figures: Figures,
        chance: random.Random,
        instances: dict[str, int],
        files: int,
    ) -> None:
        """``instances`` are those that ``processing`` and ``training`` jobs may have at once.

        ``files`` is how many files a data set has.
        """

        def now() -> float:
            return float(env.now)

        self.env, self.figures, self.chance, self._files = env, figures, chance, files
        self.rates = {
            name: TokenBucket(figures.quota(name), figures.refill(name), now) for name in RATES
        }
        self.jobs = {kind: Level(limit, now) for kind, limit in instances.items()}
        self.lambdas = Level(figures.quota("lambdas"), now)
        self.used = Used()
        self._warm: list[tuple[Job, simpy.Event]] = []

    def call(self, operation: str) -> Steps:
        """Make one call through boto3. Raises TaskError where it is refused each time."""
        for retry in range(RETRIES + 1):
            if self.rates[operation].take():
                return
            if retry < RETRIES:
                pause = self.chance.random() * min(2**retry, LONGEST_BACKOFF)
                yield self.env.timeout(pause)
        raise TaskError("ThrottlingError")

    def invoke(self, function: str, calls: dict[str, int], counted_as: str = "") -> Steps:
        """Run a Lambda that makes ``calls``. Raises TaskError where it may not run, or fails.

        What it calls of S3 is looked up as that of ``counted_as``, or ``function``.
        """
        if not self.lambdas.take():
            raise TaskError("Lambda.TooManyRequestsException")
        began = self.env.now
        try:
            puts, gets = simulation_calls.requests(counted_as or function, self._files)
            self.request(puts, gets)
            yield self.env.timeout(self.figures.assumed(f"{function}_seconds"))
            for operation, count in calls.items():
                for _ in range(count):
                    yield from self.call(operation)
        finally:
            self.lambdas.give_back()
            self.used.invocations += 1
            self.used.lambda_seconds += self.env.now - began

    def request(self, puts: float, gets: float) -> None:
        """Use S3, which sets no limit that is met here."""
        self.used.s3_puts += puts
        self.used.s3_gets += gets

    def run_job(self, job: Job) -> Steps:
        """Run a job to its end. Raises TaskError where SageMaker creates none."""
        if not self.rates[f"Create{job.kind.capitalize()}Job"].take():
            raise TaskError("SageMaker.AmazonSageMakerException")
        starting = yield from self._instances(job)
        work = starting + self.figures.assumed(f"{job.step}_seconds")
        yield self.env.timeout(work)
        self._bill(job, work)
        puts, gets = (self.figures.assumed(what) / JOBS_OF_A_RUN for what in S3_OF_JOBS)
        self.request(puts, gets)
        if job.keep_alive_seconds:
            self.env.process(self._keep(job))
        else:
            self.jobs[job.kind].give_back(job.instance_count)

    def _instances(self, job: Job) -> Steps:
        """Have instances, warm or cold; return the billed seconds until the script starts."""
        fitting = (number for number, (warm, _) in enumerate(self._warm) if warm == job)
        number = next(fitting, None)
        if number is not None:
            self._warm.pop(number)[1].succeed()
            return self.figures.assumed("warm_seconds")
        if not self.jobs[job.kind].take(job.instance_count):
            raise TaskError("SageMaker.ResourceLimitExceededException")
        yield self.env.timeout(self._between("provision_seconds"))
        return self._between("download_seconds")

    def _keep(self, job: Job) -> Steps:
        """Keep a job's instances warm, billed, until one of the same kind takes them over.

        https://docs.aws.amazon.com/sagemaker/latest/dg/train-warm-pools.html
        """
        taken, began = self.env.event(), self.env.now
        kept = (job, taken)
        self._warm.append(kept)
        yield taken | self.env.timeout(job.keep_alive_seconds)
        self._bill(job, self.env.now - began)
        if not taken.triggered:
            self._warm.remove(kept)
            self.jobs[job.kind].give_back(job.instance_count)

    def _bill(self, job: Job, seconds: float) -> None:
        of_all = seconds * job.instance_count
        self.used.instance_seconds[job.kind, job.instance_type] += of_all
        self.used.volume_gb_seconds += of_all * job.volume_gb

    def _between(self, what: str) -> float:
        least, likeliest, most = self.figures.range(what)
        return self.chance.triangular(least, most, likeliest)
