"""Which project a pipeline.toml belongs to."""

from pathlib import Path

from operations.project import project_of
from tests.support.paths import PROJECT


def test_a_pipeline_in_a_folder_of_the_project_is_the_projects() -> None:
    assert project_of(PROJECT / "examples" / "any" / "pipeline.toml") == PROJECT
    assert project_of(PROJECT / "pipeline.toml") == PROJECT


def test_the_nearest_project_counts(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "copy"):
        (folder / "vendor" / "lambdas").mkdir(parents=True)
    assert project_of(tmp_path / "copy" / "examples" / "pipeline.toml") == tmp_path / "copy"


def test_a_file_of_no_project_has_its_own_folder(tmp_path: Path) -> None:
    assert project_of(tmp_path / "pipeline.toml") == tmp_path
