"""What the gate says of each rule: one line with name, value, bound, held or not."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from lambdas.boundary.text import one_line

REGISTER, KEEP_CHAMPION, REJECT = "register", "keep_champion", "reject"
# The error of an execution whose model is rejected.
REJECTED_ERROR = "QualityGate.ThresholdNotMet"
LONGEST_LINE = 400  # characters: all lines together travel in the execution's state
LEAST_DECIMALS, MOST_DECIMALS = 3, 9


@dataclass(frozen=True)
class Verdict:
    """One rule and how it went.

    ``value`` and ``bound`` are None where there is no number. ``held`` is None where the rule says
    nothing, because there is no champion to compare with. ``otherwise`` is the decision that a rule
    which does not hold leads to. ``low`` and ``high`` are the interval of a ``value`` that is a
    gain over the champion.
    """

    rule: str  # "accuracy >= 0.85"
    metric: str
    value: float | None
    bound: float | None
    held: bool | None
    said: str  # "accuracy 0.912 < 0.990 required"
    otherwise: str = REJECT
    low: float | None = None
    high: float | None = None

    def as_state(self) -> dict[str, Any]:
        """Return the verdict as decision.json has it."""
        state = {name: value for name, value in asdict(self).items() if name != "otherwise"}
        state["said"] = one_line(self.said, LONGEST_LINE)
        if self.low is None:
            del state["low"], state["high"]
        return state


def broken(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """Return the verdicts on rules that do not hold."""
    return [verdict for verdict in verdicts if verdict.held is False]


def in_one_line(verdicts: Iterable[Verdict]) -> str:
    """Return what was said, each thing once."""
    return one_line("; ".join(dict.fromkeys(verdict.said for verdict in verdicts)))


def readable(*numbers: float, bound: float) -> list[str]:
    """Write numbers, and last the bound that they are held against.

    With as few decimals, from three and those of the bound, as keep different numbers different and
    no number but 0 a 0: a bound is shown as somebody wrote it, never rounded.
    """
    every = [*numbers, bound]
    for decimals in range(max(LEAST_DECIMALS, decimals_of(bound)), MOST_DECIMALS + 1):
        texts = [f"{number:.{decimals}f}" for number in every]
        if len(set(texts)) == len(set(every)) and all(
            float(text) or not number for text, number in zip(texts, every, strict=True)
        ):
            return texts
    return [str(number) for number in every]


def decimals_of(number: float) -> int:
    """Return how many decimals ``number`` is written with: 4 for 0.9999."""
    exponent = Decimal(str(number)).as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
