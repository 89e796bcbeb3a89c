"""The second example: what its scripts read, and that they refuse what they cannot."""

import csv
import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer

from tests.support.paths import PROJECT

Run = Callable[..., "subprocess.CompletedProcess[str]"]
SCRIPT = "examples/breast_cancer/ml_scripts/dataset.py"


@pytest.fixture(scope="module")
def dataset() -> ModuleType:
    """The example's dataset.py, beside which ml_scripts has another."""
    sys.path.insert(0, str(PROJECT / "ml_scripts"))
    spec = importlib.util.spec_from_file_location("breast_cancer_dataset", PROJECT / SCRIPT)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def source(tmp_path: Path, files: Path) -> Path:
    """A copy of the data set, to be changed."""
    return Path(shutil.copytree(files, tmp_path / "processing" / "source_data"))


def test_all_rows_of_the_set_are_there_once(dataset: Any, files: Path) -> None:
    train, test = dataset.read(files)

    whole = load_breast_cancer()
    assert (len(train.X), len(test.X)) == (398, 171)
    found = sorted(np.vstack([train.X, test.X]).tolist())
    assert found == sorted(whole.data.astype(np.float32).tolist())
    assert train.features == tuple(whole.feature_names)
    malignant = whole.target == list(whole.target_names).index("malignant")
    assert train.y.sum() + test.y.sum() == malignant.sum()
    assert dataset.CLASSES[1] == "malignant"
    assert train.X.dtype == np.float32


def test_the_same_bytes_every_time(files: Path, tmp_path: Path) -> None:
    command = [sys.executable, PROJECT / "examples/breast_cancer/data.py", tmp_path]
    subprocess.run(command, check=True)
    for name in ("train.csv", "test.csv"):
        assert (tmp_path / name).read_bytes() == (files / name).read_bytes()


def test_columns_may_come_in_any_order(dataset: Any, source: Path) -> None:
    expected, _ = dataset.read(source)
    rewrite(source / "train.csv", lambda row: row[::-1])

    turned, _ = dataset.read(source)

    np.testing.assert_array_equal(turned.X, expected.X)
    np.testing.assert_array_equal(turned.y, expected.y)


def test_what_spreadsheets_write_is_read(dataset: Any, source: Path) -> None:
    expected, _ = dataset.read(source)
    text = (source / "train.csv").read_text(encoding="utf-8")
    lines = [f'"{line.replace(",", chr(34) + "," + chr(34))}"' for line in text.splitlines()]
    (source / "train.csv").write_bytes(("\r\n".join(lines) + "\r\n\r\n").encode("utf-8-sig"))

    train, _ = dataset.read(source)

    np.testing.assert_array_equal(train.X, expected.X)


def rewrite(path: Path, change: Callable[[list[str]], list[str]]) -> None:
    """Change every line."""
    with path.open(newline="") as file:
        rows = [change(row) for row in csv.reader(file)]
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)


def cell(line: int, column: int, value: str) -> Callable[[Path], None]:
    """Change one cell; the line as an editor counts."""

    def change(path: Path) -> None:
        lines = path.read_text().splitlines()
        cells = lines[line - 1].split(",")
        cells[column] = value
        lines[line - 1] = ",".join(cells)
        path.write_text("\n".join(lines) + "\n")

    return change


def content(value: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(value) and None


ALL = "30 measurements and 'diagnosis'"
REFUSED: dict[str, tuple[Callable[[Path], Any], str]] = {
    "no file": (Path.unlink, "train.csv: found no such file, expected a CSV file"),
    "empty file": (
        content(b""),
        "train.csv: found an empty first line, expected the names of the columns",
    ),
    "no row": (
        lambda path: path.write_text(path.read_text().splitlines()[0]),
        "train.csv: found no row, expected at least one below the names of the columns",
    ),
    "missing column": (
        lambda path: rewrite(path, lambda row: row[1:]),
        f"train.csv: found no column 'mean radius', expected {ALL}",
    ),
    "missing label": (
        lambda path: rewrite(path, lambda row: row[:-1]),
        f"train.csv: found no column 'diagnosis', expected {ALL}",
    ),
    "other column": (
        cell(1, 2, "patient"),
        f"train.csv: found the column 'patient', expected {ALL}",
    ),
    "column twice": (
        cell(1, 2, "mean radius"),
        f"train.csv: found the column 'mean radius' 2 times, expected {ALL}",
    ),
    "short line": (
        lambda path: path.write_text(path.read_text() + "1,2,3\n"),
        "train.csv, line 400: found 3 cells, expected 31, as the first line has",
    ),
    "text": (
        cell(7, 3, "large"),
        "train.csv, line 7: found 'large' in 'mean area', expected a finite number",
    ),
    "empty cell": (
        cell(7, 3, ""),
        "train.csv, line 7: found '' in 'mean area', expected a finite number",
    ),
    "NaN": (
        cell(8, 0, "nan"),
        "train.csv, line 8: found 'nan' in 'mean radius', expected a finite number",
    ),
    "infinite": (
        cell(8, 0, "-inf"),
        "train.csv, line 8: found '-inf' in 'mean radius', expected a finite number",
    ),
    "too large": (
        cell(8, 0, "1e39"),
        "train.csv, line 8: found '1e39' in 'mean radius', expected a finite number",
    ),
    "unknown label": (
        cell(9, 30, "maybe"),
        "train.csv, line 9: found 'maybe' in 'diagnosis', expected benign or malignant",
    ),
    "long cell": (
        cell(9, 30, "\x1b" + "m" * 5000),
        f"train.csv, line 9: found '\\x1b{'m' * 59}...' in 'diagnosis', expected benign or",
    ),
    "endless cell": (
        cell(9, 30, "m" * 200_000),
        "train.csv, line 9: found field larger than field limit (131072), expected comma-separ",
    ),
    "open quote": (
        lambda path: path.write_text(path.read_text() + '"1,2'),
        "train.csv, line 400: found unexpected end of data, expected comma-separated cells",
    ),
    "not UTF-8": (
        content("größe".encode("latin-1")),
        "train.csv: found bytes that are no UTF-8, expected a text in UTF-8",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_that_cannot_be_used_is_refused_by_name_and_line(
    dataset: Any, source: Path, case: str
) -> None:
    change, said = REFUSED[case]
    change(source / "train.csv")

    with pytest.raises(dataset.DataError) as refused:
        dataset.read(source)

    assert str(refused.value).startswith(said)


def test_a_file_that_is_too_large_is_not_read(dataset: Any, source: Path) -> None:
    with (source / "train.csv").open("ab") as file:
        file.truncate(dataset.MAX_BYTES + 1)  # takes no room on the disk

    with pytest.raises(dataset.DataError, match="found 1,073,741,825 bytes, expected at most"):
        dataset.read(source)


def test_the_job_writes_rows_and_the_names_of_their_columns(source: Path, run_script: Run) -> None:
    base = source.parents[1]

    result = run_script(base, "preprocessing.py", "--validation-fraction", "0.2")

    assert result.returncode == 0, result.stderr
    assert "train: 318 rows of shape (30,)" in result.stdout
    rows = np.load(base / "processing/test/X_test/X_test.npy", allow_pickle=False)
    assert (rows.shape, rows.dtype) == ((171, 30), np.float32)
    assert "worst radius" in (base / "processing/test/features.json").read_text()


def test_the_job_fails_with_one_line(source: Path, run_script: Run) -> None:
    cell(7, 3, "large")(source / "test.csv")
    base = source.parents[1]

    result = run_script(base, "preprocessing.py")

    assert result.returncode == 1
    line = "test.csv, line 7: found 'large' in 'mean area', expected a finite number"
    assert result.stderr == f"error: {line}\n"
    assert (base / "output/message").read_text() == line
    assert [path.name for path in (base / "processing").iterdir()] == ["source_data"]
