"""The repository's own pipeline, and figures with which a run can be computed by hand."""

import copy

import pytest

from benchmarks.simulation import prices
from benchmarks.simulation.prices import Figures
from benchmarks.simulation.scenarios import Design, design

# Nobody is refused for asking often, and every cold start takes the same time.
OFTEN = 1_000_000


@pytest.fixture(scope="session")
def figures() -> Figures:
    return prices.load()


@pytest.fixture(scope="session")
def of(figures: Figures) -> Design:
    return design(figures.region)


@pytest.fixture(scope="session")
def steady(figures: Figures) -> Figures:
    known = copy.deepcopy(figures.known)
    for quota in known["quotas"].values():
        if "refill" in quota:
            quota |= {"value": OFTEN, "refill": OFTEN}
    known["assumptions"]["provision_seconds"]["value"] = [60, 60, 60]
    known["assumptions"]["download_seconds"]["value"] = [120, 120, 120]
    return Figures(known, figures.instances)
