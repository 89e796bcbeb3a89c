import re

import pytest

from benchmarks.simulation.prices import SECTIONS, UnknownFigureError
from lambdas.report import cost


def test_every_figure_says_where_it_is_from(figures):
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", figures.known["read"])
    for section, name, entry in figures.entries():
        assert entry["unit"], name
        if entry["known"] == "assumed":
            assert section == "assumptions" and entry["source"], name
        else:
            assert section != "assumptions", name
            assert entry["known"] in {"page", "quoted", "reported"}, name
            assert entry["source"].startswith("https://"), name


def test_instances_have_the_prices_that_the_report_of_a_run_has(figures):
    table = cost.table()["region_prices"][figures.region]
    assert figures.instance_hour("ml.m5.xlarge", "training") == table["ml.m5.xlarge"]["training"]
    assert not any("ml." in name for section in SECTIONS for name in figures.known[section])


def test_a_figure_that_nobody_has_is_an_error(figures):
    with pytest.raises(UnknownFigureError, match=r"no 'moon' among the prices of prices.json"):
        figures.price("moon")
    with pytest.raises(UnknownFigureError, match=r"no price of ml.z9.huge for training"):
        figures.instance_hour("ml.z9.huge", "training")
