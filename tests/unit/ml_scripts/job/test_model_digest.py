"""The digest of a model: of its files and their places, whatever they are packed in."""

import shutil
import subprocess

import pytest

from job import model_digest
from job.errors import ModelError


@pytest.fixture
def model(tmp_path):
    folder = tmp_path / "model"
    for name in ("best_checkpoint.keras", "1/saved_model.pb", "1/variables/v.index", "1.x", "é"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"content of {name}")
    return folder


def test_it_is_what_the_shell_says(model):
    """Anybody can check what is deployed, without this code."""
    command = "find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum"
    said = subprocess.run(command, shell=True, cwd=model, capture_output=True, check=True)
    assert model_digest.of(model) == said.stdout.decode().split()[0]


@pytest.mark.parametrize(
    "change",
    [
        lambda model: (model / "1.x").write_text("another content"),
        lambda model: (model / "1.x").rename(model / "2.x"),
        lambda model: (model / "1/saved_model.pb").unlink(),
        lambda model: (model / "code.py").write_text(""),
    ],
)
def test_every_change_changes_it(model, change):
    before = model_digest.of(model)
    model_digest.check(model, "model.tar.gz", before)
    change(model)
    with pytest.raises(ModelError, match=r"^model.tar.gz: found a model with sha256 .* expected"):
        model_digest.check(model, "model.tar.gz", before)


def test_a_record_is_read_back(model, tmp_path):
    model_digest.write(model, tmp_path / "output")
    archive = shutil.make_archive(tmp_path / "output", "gztar", tmp_path / "output")
    assert model_digest.recorded(tmp_path / archive) == model_digest.of(model)


def test_the_training_records_it(trained):
    recorded = (trained.base / "output/data/model.sha256").read_text().strip()
    assert recorded == model_digest.of(trained.base / "model")


def test_the_command_prints_it(model, tmp_path, run_script):
    archive = shutil.make_archive(tmp_path / "packed", "gztar", model)
    result = run_script(tmp_path, "job.model_digest", archive)
    assert (result.returncode, result.stdout) == (0, f"{model_digest.of(model)}\n")
    result = run_script(tmp_path, "job.model_digest", "missing.tar.gz")
    assert result.returncode == 1
    assert result.stderr == "error: missing.tar.gz: no such file, expected a model archive\n"
