"""Confusion matrices, as they are drawn and told."""

from typing import Any

import pytest

from console.models import heatmap
from operations.run_files import evaluation as evaluation_file
from operations.run_files.evaluation import Confusion

BLOCK = "multiclass_classification_metrics"


def confusion(evaluation: Any) -> Confusion | None:
    return evaluation_file.read(evaluation, []).confusion


def evaluation(rows: Any) -> dict[str, Any]:
    return {BLOCK: {"confusion_matrix": rows}}


def test_classes_are_in_the_order_of_their_numbers() -> None:
    names = [str(number) for number in range(12)]
    rows = {true: {taken: int(true == taken) for taken in names} for true in sorted(names)}
    found = confusion(evaluation(rows))
    assert found
    assert list(found.classes) == names
    assert [row[number] for number, row in enumerate(found.counts)] == [1] * 12


@pytest.mark.parametrize(
    "rows",
    [None, {}, [], {"0": 3}, {"0": {}}, {"0": {"0": "x"}}, {"0": {"0": float("inf")}}]
    + [{"0": {"0": wrong}} for wrong in (10**400, 2**64, -1, True, 0.5, None)],
)
def test_what_is_no_matrix_is_not_drawn(rows: Any) -> None:
    assert confusion(evaluation(rows)) is None


def test_an_evaluation_without_one() -> None:
    assert confusion({}) is None
    assert confusion({BLOCK: None}) is None


MATRIX = Confusion(("cat", "dog"), ((8, 2), (0, 10)))


def test_it_is_told_in_words() -> None:
    assert heatmap.in_words(MATRIX) == (
        "18 of 20 images are taken for what they are; most often wrong: class cat for class dog, "
        "2 images"
    )


def test_a_colour_is_the_root_of_the_share_of_its_row_and_a_number_the_count() -> None:
    cells = heatmap.options(MATRIX)["series"][0]["data"]
    assert [cell["value"] for cell in cells] == [
        [0, 0, 0.8**0.5, 8],
        [1, 0, 0.2**0.5, 2],
        [0, 1, 0.0, 0],
        [1, 1, 1.0, 10],
    ]
    assert [cell["label"]["show"] for cell in cells] == [True, True, False, True]


def test_many_classes_have_no_numbers() -> None:
    names = tuple(map(str, range(20)))
    cells = heatmap.options(Confusion(names, ((1,) * 20,) * 20))["series"][0]["data"]
    assert not any(cell["label"]["show"] for cell in cells)


def test_an_empty_row_divides_by_nothing() -> None:
    assert heatmap.options(Confusion(("a",), ((0,),)))["series"][0]["data"][0]["value"] == [
        0,
        0,
        0,
        0,
    ]
