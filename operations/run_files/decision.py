"""decision.json, what the gate decided, which CheckMetrics also answers with."""

from dataclasses import dataclass, field

from operations.run_files.fields import Fields


@dataclass(frozen=True)
class Rule:
    """One rule and how it went, as lambdas.gate.verdicts.Verdict has it.

    `held` is None where there was nothing to judge; `low` and `high` are an interval of `value`.
    """

    rule: str
    said: str
    held: bool | None = None
    metric: str | None = None
    value: float | None = None
    bound: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class JobCost:
    """What one job is billed for, and its estimate in dollars."""

    step: str | None
    job_name: str | None
    instance_type: str | None
    instance_count: int | None
    billable_seconds: float | None
    price_per_hour: float | None
    estimate: float | None
    spot_savings: float | None
    reused_from: str | None


@dataclass(frozen=True)
class Prices:
    """Which table of prices an estimate is made with."""

    date: str | None
    source: str | None


@dataclass(frozen=True)
class Cost:
    """What the jobs of a run cost by estimate, as lambdas.report.cost has it.

    `estimate` is None where `missing` says what was not known.
    """

    currency: str | None
    region: str | None
    estimate: float | None
    spot_savings: float | None
    jobs: tuple[JobCost, ...]
    missing: tuple[str, ...]
    prices: Prices


@dataclass(frozen=True)
class AutoApproval:
    """How the rules of automatic approval went."""

    approved: bool | None
    reason: str | None
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True)
class Decision:
    """`decision` is register, keep_champion, reject, reproduced or differs, or not known yet.

    `rules` are the gate's. What is not known is None or empty.
    """

    decision: str | None = None
    reason: str | None = None
    approval_status: str | None = None
    rules: tuple[Rule, ...] = ()
    auto_approve: AutoApproval | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    cost: Cost | None = None

    @property
    def approval_rules(self) -> tuple[Rule, ...]:
        """The rules of automatic approval."""
        return self.auto_approve.rules if self.auto_approve else ()


def read(content: object, problems: list[str], name: str = "decision.json") -> Decision:
    """Read a decision; `problems` takes a line for each member that cannot be read."""
    found = Fields(content, name, problems)
    return Decision(
        decision=found.text("decision"),
        reason=found.text("reason"),
        approval_status=found.text("approval_status"),
        rules=_rules(found),
        auto_approve=_approval(found.inner("auto_approve")),
        metrics=found.numbers("metrics"),
        cost=_cost(found.inner("cost")),
    )


def _rules(found: Fields) -> tuple[Rule, ...]:
    rules = (_rule(each) for each in found.each("rules"))
    return tuple(rule for rule in rules if rule is not None)


def _rule(found: Fields) -> Rule | None:
    rule = found.text("rule")
    if rule is None:
        return None
    return Rule(
        rule=rule,
        said=found.text("said") or "",
        held=found.truth("held"),
        metric=found.text("metric"),
        value=found.number("value"),
        bound=found.number("bound"),
        low=found.number("low"),
        high=found.number("high"),
    )


def _approval(found: Fields) -> AutoApproval | None:
    if not found.names():
        return None
    return AutoApproval(found.truth("approved"), found.text("reason"), _rules(found))


def _cost(found: Fields) -> Cost | None:
    if not found.names():
        return None
    prices = found.inner("prices")
    return Cost(
        currency=found.text("currency"),
        region=found.text("region"),
        estimate=found.number("estimate"),
        spot_savings=found.number("spot_savings"),
        jobs=tuple(_job(each) for each in found.each("jobs")),
        missing=found.lines("missing"),
        prices=Prices(prices.text("date"), prices.text("source")),
    )


def _job(found: Fields) -> JobCost:
    return JobCost(
        step=found.text("step"),
        job_name=found.text("job_name"),
        instance_type=found.text("instance_type"),
        instance_count=found.count("instance_count"),
        billable_seconds=found.number("billable_seconds"),
        price_per_hour=found.number("price_per_hour"),
        estimate=found.number("estimate"),
        spot_savings=found.number("spot_savings"),
        reused_from=found.text("reused_from"),
    )
