"""docs/scale.md says what the simulation says."""

import re

import pytest

from benchmarks.simulation.__main__ import DOCUMENT, as_text, filled, simulated, tables_of


@pytest.mark.slow
def test_the_tables_are_those_that_the_simulation_prints(of, figures):
    document = DOCUMENT.read_text(encoding="utf-8")
    again = filled(document, tables_of(simulated(of, figures), of, figures))
    assert document == again, "run make simulate ARGS=--write, and see what it changes in the text"


def test_every_table_of_the_document_is_simulated():
    document = DOCUMENT.read_text(encoding="utf-8")
    names = re.findall(r"<!-- simulated: (.*) -->", document)
    assert sorted(names) == sorted(
        ["ceilings", "bursts", "warm", "10", "1,000", "100,000", "figures"]
    )
    assert document.count("<!-- end -->") == len(names)


def test_a_table_takes_the_place_of_the_old_one():
    document = "a\n<!-- simulated: x -->\n\nold\n\n<!-- end -->\nb\n"
    assert filled(document, {"x": "new"}) == document.replace("old", "new")


@pytest.mark.parametrize("document", ["", "<!-- simulated: x -->\nold\n"])
def test_a_document_without_a_place_for_a_table_is_an_error(document):
    with pytest.raises(ValueError, match="no <!-- simulated: x --> with an end"):
        filled(document, {"x": "new"})


def test_tables_are_printed_under_their_names():
    assert as_text({"10": "| a |", "figures": "| b |"}) == "10\n\n| a |\n\nfigures\n\n| b |"
