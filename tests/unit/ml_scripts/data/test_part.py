"""Rows that are streamed: what a format of one's own promises is what it has to give."""

import numpy as np
import pytest

from data.part import Part, StreamedRows

ROWS = np.arange(14, dtype=np.float32).reshape(7, 2)


class File:
    """A file of rows, read three at a time."""

    def __init__(self, rows: np.ndarray, promised: int) -> None:
        self.rows, self.promised = rows, promised

    def __len__(self) -> int:
        return self.promised

    def chunks(self):
        for first in range(0, len(self.rows), 3):
            yield self.rows[first : first + 3]


def part_of(*files: tuple[int, File]) -> Part:
    return Part("X", "y", StreamedRows((9, 2), np.dtype(np.float32), files), np.zeros(9, np.int64))


def test_chunks_say_where_they_belong():
    part = part_of((0, File(ROWS[:2], 2)), (4, File(ROWS[2:], 5)))
    assert [(first, len(rows)) for first, rows in part.chunks()] == [(0, 2), (4, 3), (7, 2)]
    np.testing.assert_array_equal(np.concatenate([rows for _, rows in part.chunks()]), ROWS)
    assert part.held().tolist() == [True, True, False, False, True, True, True, True, True]


def test_an_array_is_one_chunk_and_all_of_it_is_held():
    part = Part("X", "y", ROWS, np.zeros(7, np.int64))
    ((first, rows),) = part.chunks()
    assert (first, rows is ROWS, part.held().all()) == (0, True, True)


@pytest.mark.parametrize("promised", [6, 8])
def test_another_number_of_rows_than_promised_is_refused(promised):
    with pytest.raises(ValueError, match=f"found 7 rows in a file, expected {promised}"):
        list(part_of((0, File(ROWS, promised))).chunks())


@pytest.mark.parametrize("rows", [ROWS.astype(np.float64), ROWS[:, :1]])
def test_other_rows_than_promised_are_refused(rows):
    with pytest.raises(ValueError, match=r"found rows float.*, expected float32 \(2,\)"):
        list(part_of((0, File(rows, 7))).chunks())


@pytest.mark.parametrize(("row", "file"), [(0, "a"), (3, "a"), (4, "b"), (8, "b")])
def test_a_label_is_in_the_file_that_begins_before_it(row, file):
    part = Part("X", "y", ROWS, np.zeros(9, np.int64), y_files=((0, "a"), (4, "b")))
    assert part.file_of_label(row) == file


def test_of_one_file_of_labels_the_name_is_known():
    assert Part("X", "y", ROWS, np.zeros(7, np.int64)).file_of_label(3) == "y"
