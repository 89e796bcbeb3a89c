"""The simulation's outcomes as tables of docs/scale.md."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from benchmarks.simulation.costs import costs, kept
from benchmarks.simulation.executions import Run
from benchmarks.simulation.prices import Figures
from benchmarks.simulation.scenarios import Outcome
from benchmarks.simulation.uploads import LOST

Row = tuple[str, Callable[[Outcome], str]]

DAY = 86400
PERCENT = 100
SHOWN_RATES = ("DescribeExecution", "ListExecutions", "CreateProcessingJob", "CreateTrainingJob")
WHY = {
    "ThrottlingError": "ListExecutions refused",
    "SageMaker.ResourceLimitExceededException": "no instance left",
    "SageMaker.AmazonSageMakerException": "job refused, too many a second",
    LOST: "event kept in failed-events",
}


def loads(outcomes: Sequence[Outcome], memory_gb: float) -> str:
    """The table of one load: a column for each scenario."""
    rows = [
        *_what_is_allowed(),
        *_what_became_of_the_runs(outcomes),
        *_what_runs_at_once(),
        *_what_is_called(),
        *_what_it_costs(memory_gb),
        ("**bends first**", bends_first),
    ]
    return markdown(
        ["", *(outcome.scenario.name for outcome in outcomes)],
        ([title, *(cell(outcome) for outcome in outcomes)] for title, cell in rows),
    )


def bursts(outcomes: Sequence[Outcome]) -> str:
    """The table of uploads that come all at once."""
    refused = "ThrottlingError"
    rows: list[Row] = [
        ("decided", lambda o: _share(_count(o, _decided), len(o.runs))),
        (f"failed: {WHY[refused]}", _share_of(refused)),
        ("Lambdas, most", lambda o: f"{o.account.lambdas.most:,}"),
        *((f"`{name}`, calls, refused", _calls(name)) for name in SHOWN_RATES[:2]),
    ]
    return markdown(
        ["uploads within 10 s", *(outcome.scenario.name for outcome in outcomes)],
        ([title, *(cell(outcome) for outcome in outcomes)] for title, cell in rows),
    )


def warm(loads_: Sequence[Sequence[Outcome]], memory_gb: float) -> str:
    """The table of what a run costs, and how soon it is decided, by how long training is warm."""

    def cell(outcome: Outcome) -> str:
        total = sum(costs(outcome.account.used, outcome.runs, memory_gb, outcome.figures).values())
        return f"{total / _count(outcome, _decided):.4f} USD, {_times(_whole(outcome), 50)}"

    kept_for = [outcome.scenario.keep_alive_seconds for outcome in loads_[0]]
    return markdown(
        ["retrainings a day, in each account", *(f"{seconds} s warm" for seconds in kept_for)],
        ([load[0].scenario.name, *map(cell, load)] for load in loads_),
    )


def sources(figures: Figures) -> str:
    """The table of every figure that went in."""
    return markdown(
        ["figure", "value", "unit", "known", "source"],
        (
            [name, _value(entry), entry["unit"], entry["known"], _link(entry["source"])]
            for _, name, entry in figures.entries()
        ),
    )


def ceilings(outcome: Outcome) -> str:
    """At how many retrainings a day each quota is reached, one after the other.

    ``outcome`` is of a load without a line: what a run asks for there is what it needs.
    """
    found = sorted(_ceilings(outcome), key=lambda row: row[0])
    return markdown(
        ["retrainings a day", "what is reached", "a run needs", "there is"],
        ([f"{most:,.0f}", *rest] for most, *rest in found),
    )


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _what_is_allowed() -> list[Row]:
    return [
        ("accounts", lambda o: str(o.scenario.accounts)),
        ("`max_concurrent_runs`", lambda o: f"{o.scenario.max_concurrent_runs:,}"),
        (
            "instances allowed, processing and training",
            lambda o: f"{o.scenario.processing_instances:,} and {o.scenario.training_instances:,}",
        ),
        ("seconds that training is kept warm", lambda o: str(o.scenario.keep_alive_seconds)),
    ]


def _what_became_of_the_runs(outcomes: Sequence[Outcome]) -> list[Row]:
    errors = {run.error for outcome in outcomes for run in outcome.runs if run.error}
    return [
        ("data sets simulated, in each account", lambda o: f"{len(o.runs):,}"),
        ("in days", lambda o: f"{o.end / DAY:,.2f}"),
        ("decided", lambda o: _share(_count(o, _decided), len(o.runs))),
        *(
            (f"failed: {WHY.get(error, error)}", _share_of(error))
            for error in sorted(errors, key=str)
        ),
        ("not ended", lambda o: _share(_count(o, lambda run: run.ended is None), len(o.runs))),
        ("wait for the turn, median, 95 %, longest", lambda o: _times(_waits(o), 50, 95, 100)),
        ("upload to decision, median, 95 %", lambda o: _times(_whole(o), 50, 95)),
    ]


def _what_runs_at_once() -> list[Row]:
    def jobs(kind: str) -> Callable[[Outcome], str]:
        def cell(outcome: Outcome) -> str:
            level = outcome.account.jobs[kind]
            return f"{level.mean(outcome.end):.1f}, {level.most:,}"

        return cell

    return [
        ("executions open, most", lambda o: f"{o.most_running:,}"),
        ("processing instances, mean, most", jobs("processing")),
        ("training instances, mean, most", jobs("training")),
        ("Lambdas, most", lambda o: f"{o.account.lambdas.most:,}"),
        (
            "days until the experiment has all its trials",
            lambda o: f"{o.figures.quota('trials') / o.scenario.share:.2f}",
        ),
    ]


def _what_is_called() -> list[Row]:
    def rate(operation: str) -> Callable[[Outcome], str]:
        def cell(outcome: Outcome) -> str:
            bucket = outcome.account.rates[operation]
            return (
                f"{bucket.calls / outcome.end:.3f}, {_share(bucket.refused, max(1, bucket.calls))}"
            )

        return cell

    return [
        ("state transitions a run", lambda o: _mean(run.transitions for run in o.runs)),
        *((f"`{name}` a second, refused", rate(name)) for name in SHOWN_RATES),
        (
            "S3 requests a run, PUT and the like, GET",
            lambda o: (
                f"{o.account.used.s3_puts / len(o.runs):.0f}, "
                f"{o.account.used.s3_gets / len(o.runs):.0f}"
            ),
        ),
    ]


def _what_it_costs(memory_gb: float) -> list[Row]:
    def total(outcome: Outcome) -> dict[str, float]:
        return costs(outcome.account.used, outcome.runs, memory_gb, outcome.figures)

    def each(service: str) -> Callable[[Outcome], str]:
        return lambda o: f"{total(o)[service] / max(1, _count(o, _decided)):.5f}"

    def whole(outcome: Outcome) -> str:
        return f"{sum(total(outcome).values()) / max(1, _count(outcome, _decided)):.4f}"

    def a_day(outcome: Outcome) -> str:
        dollars = sum(total(outcome).values()) / outcome.days * outcome.scenario.accounts
        return f"{dollars:,.2f}"

    def stored(outcome: Outcome) -> str:
        decided = _count(outcome, _decided) / outcome.days * outcome.scenario.accounts
        gb, dollars = kept(decided, outcome.figures)
        return f"{gb:,.1f}, {dollars:,.2f}"

    services = (
        "SageMaker, instances",
        "SageMaker, volumes",
        "Step Functions",
        "Lambda",
        "S3, requests",
        "CloudWatch and X-Ray",
    )
    return [
        *((f"USD a decided run: {service}", each(service)) for service in services),
        ("**USD a decided run**", whole),
        ("**USD a day**", a_day),
        ("GB a day left in S3, USD a month for them", stored),
    ]


def bends_first(outcome: Outcome) -> str:
    """What fails the most runs; else what they wait for; else the quota that is nearest."""
    failed = Counter(run.error for run in outcome.runs if run.error)
    if failed:
        return WHY.get(str(failed.most_common(1)[0][0]), str(failed.most_common(1)[0][0]))
    if not outcome.finished:
        return "`max_concurrent_runs`: the line grows"
    name, used = max(_used(outcome).items(), key=lambda item: item[1])
    return f"nothing; nearest is {name} at {_share(used, 1)}"


def _used(outcome: Outcome) -> dict[str, float]:
    """The share of each quota that is in use: of a rate in the mean, of a level at most."""
    account, figures = outcome.account, outcome.figures
    shares = {
        f"`{name}`": bucket.calls / outcome.end / figures.refill(name)
        for name, bucket in account.rates.items()
    }
    for kind, level in account.jobs.items():
        shares[f"{kind} instances"] = level.most / level.limit
    shares["Lambdas"] = account.lambdas.most / account.lambdas.limit
    shares["open executions"] = outcome.most_running / figures.quota("open_executions")
    return shares


def _ceilings(outcome: Outcome) -> Iterable[tuple[float, str, str, str]]:
    figures, count = outcome.figures, len(outcome.runs)
    for name, bucket in outcome.account.rates.items():
        needs = bucket.calls / count
        refill = figures.refill(name)
        yield refill * DAY / needs, f"`{name}`", f"{needs:.1f} calls", f"{refill:,.0f} a second"
    seconds = float(np.mean([_work(run) for run in outcome.runs]))
    for most in (1, 100):
        title = f"`max_concurrent_runs = {most}`"
        yield most * DAY / seconds, title, f"{seconds:.0f} s", f"{most} at once"
    for kind, level in outcome.account.jobs.items():
        needs = level.mean(outcome.end) * outcome.end / count
        limit = figures.quota(f"{kind}_instances")
        title = f"{kind} instances of a new account"
        yield limit * DAY / needs, title, f"{needs:.0f} instance-seconds", f"{limit} at once"
    needs = outcome.account.used.lambda_seconds / count
    limit = figures.quota("lambdas")
    yield limit * DAY / needs, "Lambdas at once", f"{needs:.1f} s of Lambdas", f"{limit:,} at once"
    needs = outcome.account.used.s3_puts / count
    limit = figures.quota("s3_put_rate")
    yield limit * DAY / needs, "S3, one prefix", f"{needs:.0f} PUT or alike", f"{limit:,} a second"


def _calls(operation: str) -> Callable[[Outcome], str]:
    def cell(outcome: Outcome) -> str:
        bucket = outcome.account.rates[operation]
        return f"{bucket.calls:,}, {_share(bucket.refused, max(1, bucket.calls))}"

    return cell


def _work(run: Run) -> float:
    """Seconds from a run's turn to its end; it has had both."""
    assert run.ended is not None and run.had_its_turn is not None
    return run.ended - run.had_its_turn


def _decided(run: Run) -> bool:
    return run.ended is not None and run.error is None


def _count(outcome: Outcome, of: Callable[[Run], bool]) -> int:
    return sum(map(of, outcome.runs))


def _share_of(error: str | None) -> Callable[[Outcome], str]:
    return lambda o: _share(_count(o, lambda run: run.error == error), len(o.runs))


def _waits(outcome: Outcome) -> list[float]:
    """Seconds from each start to its turn; of those still in line, or failed there, so far."""
    return [
        next(t for t in (run.had_its_turn, run.ended, outcome.end) if t is not None) - run.started
        for run in outcome.runs
        if run.started is not None
    ]


def _whole(outcome: Outcome) -> list[float]:
    return [run.ended - run.uploaded for run in outcome.runs if run.ended and not run.error]


def _times(seconds: list[float], *percentiles: int) -> str:
    if not seconds:
        return "–"
    return ", ".join(duration(float(value)) for value in np.percentile(seconds, percentiles))


def duration(seconds: float) -> str:
    """Seconds in the unit that suits them."""
    if seconds < 2 * 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 2 * 3600 else f"{seconds / 3600:.1f} h"


def _mean(values: Iterable[float]) -> str:
    return f"{float(np.mean(list(values))):.1f}"


def _share(part: float, whole: float) -> str:
    """A share in percent, with as many decimals as tell it from nothing and from all."""
    percent = PERCENT * part / whole
    if percent in {0, PERCENT}:
        return f"{percent:.0f} %"
    return f"{percent:.{1 if 0.1 <= percent <= 99.9 else 2}f} %"  # noqa: PLR2004


def _value(entry: dict[str, object]) -> str:
    value = entry["value"]
    text = ", ".join(map(str, value)) if isinstance(value, list) else f"{value:,}"
    if isinstance(value, float):
        text = f"{value:.8f}".rstrip("0").rstrip(".")
    return f"{text}; {entry['refill']}" if "refill" in entry else text


def _link(source: str) -> str:
    return f"<{source}>" if source.startswith("https://") else source
