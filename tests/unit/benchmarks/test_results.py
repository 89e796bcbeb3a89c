"""The results of `make bench` are of rounds that take turns; each is compared within itself."""

import pytest

from benchmarks import results
from benchmarks.pipeline import Run
from benchmarks.processes import Seen, Watched
from benchmarks.results import DEFAULT_RECIPE, SAME_RECIPE, SCRIPT, Data, Measured
from benchmarks.script import ScriptRun

PARTS = {
    "latency": [80.0, 100.0],
    "jobs": [0.1],
    "s3": {"put_object": 60.0, "get_object": 200.0},
    "zip": 1_350_000,
    "import": 0.7,
    "transition": 1.8,
    "gflops": 200.0,
    "bfloat16": True,
}


def script_run(wall):
    watched = Watched({1: seen(["python", "monolith.py"])}, [(1.0, 1.5)])
    return ScriptRun(wall, {"accuracy": 0.9}, [(1.0, 0.88), (2.0, 0.9)], watched, 0.0)


def pipeline_run(wall, train, epochs):
    return Run(
        wall=wall,
        scores={"accuracy": 0.91},
        epochs=[(1.0, 0.89), (2.0, 0.91)],
        watched=Watched({1: seen(["python", "main.py"])}, [(1.0, 1.9)]),
        began=0.0,
        states={"Train": train, "Registered": 0.0},
        scripts={"Train": train - 1},
        epoch_seconds=epochs,
    )


def seen(command):
    return Seen(command, 0.0, 1.0, peak_bytes=500_000_000)


@pytest.fixture
def measured(tmp_path):
    """Three rounds, of which the second met a machine that was half as fast."""
    rounds = {
        SCRIPT: [script_run(100.0), script_run(200.0), script_run(110.0)],
        SAME_RECIPE: [pipeline_run(wall, wall - 9, [9, 8]) for wall in (80.0, 160.0, 99.0)],
        DEFAULT_RECIPE: [
            pipeline_run(30.0, 20.0, [9.0, 4.0, 4.0]),
            pipeline_run(60.0, 40.0, [18.0, 8.0, 8.0]),
            pipeline_run(33.0, 22.0, [9.0, 4.0, 4.0]),
        ],
    }
    imports = [{"Train": 3.0}, {"Train": 6.0}, {"Train": 3.0}]
    data = Data("images", tmp_path, train=60_000, test=10_000, side=28)
    return Measured(data, [1, 2, 3], rounds, imports, PARTS, quick=False)


def test_runs_are_compared_to_the_script_of_their_own_round(measured):
    assert measured.ratio(SAME_RECIPE) == pytest.approx(0.8)
    assert measured.ratio(DEFAULT_RECIPE) == pytest.approx(0.3)


def test_what_is_no_work_of_a_script_has_the_imports_of_its_own_round(measured):
    assert measured.overhead() == pytest.approx(15)  # of 14, 27 and 15


def test_the_first_epoch_of_a_run_is_no_epoch_like_the_others(measured):
    assert measured.epoch_seconds(DEFAULT_RECIPE) == 4
    assert measured.images_per_second(DEFAULT_RECIPE) == 12_000


def test_a_target_that_is_missed_is_said_to_be(measured, tmp_path):
    results.write(tmp_path, measured)

    text = (tmp_path / "results.md").read_text()
    assert "| (b) of (a), wall time | at most 0.85 | 0.80 | ✓ |" in text
    assert "their imports included | at most 12.0 s | 15.0 s | **missed** |" in text
    assert "images a second of (c) the pipeline, default recipe, with validation | 12,000 |" in text
    assert {file.name for file in (tmp_path / "images").iterdir()} == {
        "accuracy.png",
        "cores.png",
        "steps.png",
    }
