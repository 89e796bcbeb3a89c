"""The benchmark of containers measures both ways, or says why it cannot."""

from pathlib import Path

from benchmarks import containers


def test_a_report_has_both_figures(tmp_path: Path) -> None:
    found = containers.report(tmp_path, rounds=1)
    assert ("in a container" in found) or found.startswith("no containers here: ")
