"""The benchmark's pictures are drawn, whatever the number of runs."""

from pathlib import Path

import pytest
from PIL import Image

from benchmarks import charts
from benchmarks.processes import Watched

RUNS = ("a script", "a pipeline", "another")


@pytest.mark.parametrize("count", [1, 3])
def test_every_picture_is_one(tmp_path: Path, count: int) -> None:
    names = RUNS[:count]
    seen = Watched()
    seen.cpu.extend([(10.0, 0.5), (11.0, 2.0)])
    charts.steps({name: {"Train": 30.0, "Evaluate": 4.0} for name in names}, tmp_path / "a.png")
    charts.accuracies({name: [(5.0, 0.8), (9.0, 0.9)] for name in names}, tmp_path / "b.png")
    charts.cores(dict.fromkeys(names, (9.5, seen)), tmp_path / "c.png")
    for picture in sorted(tmp_path.glob("*.png")):
        assert Image.open(picture).width == 8 * charts.DPI
    assert len(list(tmp_path.glob("*.png"))) == 3
