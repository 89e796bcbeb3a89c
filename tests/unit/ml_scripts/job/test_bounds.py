"""Hyperparameters within the bounds that are declared beside the scripts."""

from argparse import ArgumentTypeError
from pathlib import Path

import pytest

from job.bounds import reader


def test_a_value_out_of_its_bounds_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "hyperparameters.json"
    file.write_text('{"epochs": {"type": "integer", "minimum": 1, "maximum": 9}}')
    epochs = reader("epochs", int, file)
    assert epochs("9") == 9
    with pytest.raises(ArgumentTypeError, match=r"^0 is less than 1$"):
        epochs("0")
    assert reader("other", int, file)("0") == 0


def test_without_the_file_nothing_has_bounds(tmp_path: Path) -> None:
    assert reader("epochs", int, tmp_path / "hyperparameters.json")("-1") == -1
