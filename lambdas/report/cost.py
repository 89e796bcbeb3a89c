"""What a run costs: the billable seconds of its jobs, and an estimate from a table of prices.

The table, ``prices.json``, says of which date its prices are and where AWS publishes them. What has
no price in it is said to have none; it never counts as free. An estimate is of instances alone, at
on-demand prices: storage and requests come on top, and discounts are the account's own.
"""

import functools
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PRICES = Path(__file__).with_name("prices.json")
SECONDS_AN_HOUR = 3600
DECIMALS = 6

# Which state ran which kind of job, and where a run's state keeps what came of it.
JOBS = {
    "Preprocess": ("preprocessing_job", "processing"),
    "Train": ("training_job", "training"),
    "Evaluate": ("evaluation_job", "processing"),
}


@dataclass(frozen=True)
class Job:
    """What one job is billed for: ``billable_seconds`` on each of its instances.

    One of an earlier run, whose result is ``reused_from`` there, costs this run nothing.

    A managed spot job has ``training_seconds``, what it ran for; the difference is what spot saves:
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeTrainingJob.html
    """

    step: str
    kind: str  # processing or training
    name: str
    instance_type: str
    instance_count: int
    billable_seconds: float
    training_seconds: float | None = None
    reused_from: str | None = None

    def dollars(self, seconds: float, price: float) -> float:
        """Return what so many seconds on every instance cost at a price for the hour."""
        return seconds * self.instance_count * price / SECONDS_AN_HOUR


def estimate(run: Mapping[str, Any]) -> dict[str, Any]:
    """Return the ``cost`` of a run: of each job, and of all of them together.

    ``run`` is the state that the machine's last states see. What a job was retried for is not in
    it: only the attempt that succeeded counts. Where one of the jobs has no price, or tells too
    little, the sum is None and ``missing`` says why. Nothing that a job tells makes this raise.
    """
    prices = table()
    region = str(run["execution_arn"]).split(":")[3]
    missing: list[str] = []
    jobs = []
    for step, (key, kind) in JOBS.items():
        try:
            job = _job(step, kind, run[key])
        except (KeyError, TypeError, ValueError):
            missing.append(f"{step} does not say what it ran on, and for how long")
            continue
        price = prices["region_prices"].get(region, {}).get(job.instance_type, {}).get(kind)
        if job.reused_from:
            price = 0.0
        if price is None:
            missing.append(f"{step}: no price for {job.instance_type} ({kind}) in {region}")
        jobs.append(_priced(job, price))
    return {
        "currency": prices["currency"],
        "region": region,
        "estimate": None if missing else _sum(jobs, "estimate"),
        "spot_savings": None if missing else _sum(jobs, "spot_savings"),
        "jobs": jobs,
        "missing": missing,
        "prices": {"date": prices["date"], "source": prices["source"]},
    }


@functools.cache
def table() -> dict[str, Any]:
    """Return the table of prices."""
    loaded: dict[str, Any] = json.loads(PRICES.read_text(encoding="utf-8"))
    return loaded


def _job(step: str, kind: str, told: Mapping[str, Any]) -> Job:
    if "reused_from" in told:
        billable, ran = 0.0, None
    elif kind == "training":
        billable, ran = _seconds(told["billable_seconds"]), _seconds(told["training_seconds"])
    else:
        # Times in a .sync result are milliseconds, and States Language cannot subtract.
        billable, ran = _seconds((told["ended_at_ms"] - told["started_at_ms"]) / 1000), None
    return Job(
        step,
        kind,
        str(told["job_name"]),
        str(told["instance_type"]),
        int(told["instance_count"]),
        billable,
        ran,
        told.get("reused_from"),
    )


def _seconds(found: float) -> float:
    if not 0 <= found < math.inf:
        raise ValueError(f"found {found} seconds")
    return round(found, 3)


def _priced(job: Job, price: float | None) -> dict[str, Any]:
    saved = max(0.0, (job.training_seconds or 0) - job.billable_seconds)
    return {
        "step": job.step,
        "job_name": job.name,
        "instance_type": job.instance_type,
        "instance_count": job.instance_count,
        "billable_seconds": job.billable_seconds,
        "price_per_hour": price,
        "estimate": None if price is None else _rounded(job.dollars(job.billable_seconds, price)),
        "spot_savings": None if price is None else _rounded(job.dollars(saved, price)),
        "reused_from": job.reused_from,
    }


def _sum(jobs: list[dict[str, Any]], key: str) -> float:
    return _rounded(sum(job[key] for job in jobs))


def _rounded(dollars: float) -> float:
    return round(dollars, DECIMALS)
