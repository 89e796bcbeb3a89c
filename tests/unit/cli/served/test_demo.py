"""The demo's own decisions; the whole of it runs in tests/e2e."""

import json
from pathlib import Path

import pytest

from cli.served import demo
from operations.errors import DiskFullError, InputError
from state_machine import config
from state_machine.config import PipelineConfig
from tests.fakes.terminal import PlainTerminal, RecordingReport
from tests.support.paths import PROJECT


@pytest.fixture(scope="module")
def settings() -> PipelineConfig:
    return config.load(PROJECT / "pipeline.toml")


def named(settings: PipelineConfig, dataset: str) -> PipelineConfig:
    return settings.model_copy(
        update={"data": settings.data.model_copy(update={"dataset": dataset})}
    )


def test_the_sample_has_a_data_set_and_a_group_of_its_own(settings: PipelineConfig) -> None:
    sample = demo.sample_config(settings)
    assert sample.data.dataset == "digits"
    assert sample.registry.model_package_group == "digits"
    assert sample.training.hyperparameters["batch-size"] == 16
    assert sample.gate == settings.gate
    assert settings.data.dataset == "fashion-mnist"
    PipelineConfig.model_validate(sample.model_dump())


def test_the_samples_files_are_written(
    settings: PipelineConfig, tmp_path: Path, report: RecordingReport
) -> None:
    sample = demo.sample_config(settings)
    folder = demo.data_set(sample, tmp_path, None, report)
    assert folder == tmp_path / "data" / "digits"
    assert {file.name for file in folder.iterdir()} == set(settings.data.required_files)


def test_a_data_set_of_ones_own_needs_its_folder(
    settings: PipelineConfig, tmp_path: Path, report: RecordingReport
) -> None:
    with pytest.raises(InputError) as raised:
        demo.data_set(named(settings, "mine"), tmp_path, None, report)
    assert "'mine'" in str(raised.value)
    assert "--data" in raised.value.next_step


def test_a_data_set_of_ones_own_is_taken_as_it_is(
    settings: PipelineConfig, tmp_path: Path, report: RecordingReport
) -> None:
    for name in settings.data.required_files:
        (tmp_path / name).write_bytes(b"content")
    assert demo.data_set(named(settings, "mine"), tmp_path, tmp_path, report) == tmp_path


def test_a_run_that_cannot_begin_is_recorded_too(
    settings: PipelineConfig, tmp_path: Path, terminal: PlainTerminal
) -> None:
    with pytest.raises(InputError):
        demo.Demo(named(settings, "mine"), tmp_path, terminal).run()
    last = json.loads((tmp_path / ".retrain" / "last-run.json").read_text(encoding="utf-8"))
    assert last["status"] == "FAILED"
    assert last["execution_arn"] is None
    assert last["failure"]["state"] == "Data set mine"
    assert last["failure"]["error"] == "InputError"


def test_the_results_of_a_run_have_a_folder_by_its_id(tmp_path: Path) -> None:
    assert demo.results_folder(tmp_path, "digits-0a1b") == tmp_path / "runs/digits-0a1b"


@pytest.mark.parametrize("run_id", [None, "", "..", "../x", "/etc", "a/b", "a\n", "-a", "a" * 41])
def test_what_is_no_run_id_names_no_folder(tmp_path: Path, run_id: str | None) -> None:
    assert demo.results_folder(tmp_path, run_id) is None


def test_a_disk_without_space_for_a_run_is_told_before_it_begins(
    settings: PipelineConfig, tmp_path: Path, terminal: PlainTerminal
) -> None:
    with pytest.raises(DiskFullError, match="are left on this disk"):
        demo.Demo(settings, tmp_path, terminal, needed=10**18).run()
    record = json.loads((tmp_path / ".retrain" / demo.LAST_RUN).read_text())
    assert record["failure"]["error"] == "DiskFullError"
