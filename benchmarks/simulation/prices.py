"""What the simulation knows of AWS: prices, quotas, and what is assumed, each with its source."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lambdas.report import cost

FIGURES = Path(__file__).with_name("prices.json")
SECTIONS = ("prices", "quotas", "assumptions")


class UnknownFigureError(LookupError):
    """The simulation meets something of which it knows no figure."""


@dataclass(frozen=True)
class Figures:
    """The figures of one file, and the prices of instances that the pipeline itself has."""

    known: dict[str, Any]
    instances: dict[str, Any]

    @property
    def region(self) -> str:
        """The region whose prices and quotas these are."""
        return str(self.known["region"])

    def price(self, of: str) -> float:
        """US dollars for one of it."""
        return float(self._entry("prices", of)["value"])

    def quota(self, of: str) -> int:
        """How many there may be at once, or the size of a bucket of calls."""
        return int(self._entry("quotas", of)["value"])

    def refill(self, of: str) -> float:
        """How many calls a second an account may make for long."""
        return float(self._entry("quotas", of)["refill"])

    def assumed(self, what: str) -> float:
        """One number that nobody has measured on AWS."""
        return float(self._entry("assumptions", what)["value"])

    def range(self, what: str) -> tuple[float, float, float]:
        """The least, the likeliest and the most of an assumed time, in seconds."""
        least, likeliest, most = self._entry("assumptions", what)["value"]
        return float(least), float(likeliest), float(most)

    def instance_hour(self, instance_type: str, kind: str) -> float:
        """US dollars for an hour of one instance in a ``processing`` or ``training`` job."""
        prices = self.instances["region_prices"][self.region]
        try:
            return float(prices[instance_type][kind])
        except KeyError:
            raise UnknownFigureError(
                f"no price of {instance_type} for {kind} in {self.region}: "
                "add it to lambdas/report/prices.json"
            ) from None

    def entries(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Yield (section, name, entry) of every figure, as the file has them."""
        for section in SECTIONS:
            for name, entry in self.known[section].items():
                yield section, name, entry

    def _entry(self, section: str, name: str) -> dict[str, Any]:
        try:
            entry: dict[str, Any] = self.known[section][name]
        except KeyError:
            raise UnknownFigureError(
                f"no {name!r} among the {section} of {FIGURES.name}: add it with its source"
            ) from None
        return entry


def load() -> Figures:
    """Read ``prices.json`` here and the table of instance prices of ``lambdas``."""
    return Figures(json.loads(FIGURES.read_text(encoding="utf-8")), cost.table())
