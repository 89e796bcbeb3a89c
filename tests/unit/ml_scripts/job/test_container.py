"""How a job reports: exit code, one line on stderr, the same line where SageMaker reads it."""

from pathlib import Path

import pytest

from job.container import ArgumentParser, base_directory, run
from job.errors import ScriptError, UsageError


def _raise(error):
    raise error


def test_the_root_is_sagemakers_unless_moved(monkeypatch):
    monkeypatch.delenv("SAGEMAKER_BASE_DIR", raising=False)
    assert base_directory() == Path("/opt/ml")
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", "/somewhere")
    assert base_directory() == Path("/somewhere")


def test_success_leaves_no_message(tmp_path, monkeypatch):
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    assert run(lambda: None, "message") == 0
    assert not (tmp_path / "output").exists()


def test_a_clear_error_is_one_line_without_control_characters(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    assert run(lambda: _raise(ScriptError("bad\nfile \x1b[31mred")), "failure") == 1
    assert capsys.readouterr().err == "error: bad file  [31mred\n"
    assert (tmp_path / "output/failure").read_text() == "bad file  [31mred"


def test_an_unexpected_error_keeps_its_traceback_in_the_log(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    assert run(lambda: _raise(OSError(28, "No space left on device")), "failure") == 1
    errors = capsys.readouterr().err
    assert "Traceback" in errors
    assert errors.endswith("error: OSError: [Errno 28] No space left on device\n")


def test_a_long_message_is_cut_between_characters(tmp_path, monkeypatch):
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    run(lambda: _raise(ScriptError("x" + "é" * 5000)), "message")
    content = (tmp_path / "output/message").read_bytes()
    assert len(content) == 1023
    assert content.decode().endswith("é")


def test_an_unwritable_message_still_fails_the_job(tmp_path, monkeypatch, capsys):
    (tmp_path / "output").write_text("a file where the folder should be")
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    assert run(lambda: _raise(ScriptError("bad")), "message") == 1
    assert "error: bad" in capsys.readouterr().err


def test_an_unknown_argument_is_a_usage_error():
    with pytest.raises(UsageError, match="unrecognized arguments: --epoch 3"):
        ArgumentParser("A job.").parse_args(["--epoch", "3"])


def test_a_traceback_cannot_forge_a_line_or_colour_a_terminal(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    run(lambda: _raise(OSError("\x1b[31m\u2028epoch=1/1; \x9b1m\rloss=0;")), "failure")
    errors = capsys.readouterr().err
    assert all(c.isprintable() or c == "\n" for c in errors)


def test_a_hyperparameter_of_one_letter_is_taken_as_the_toolkit_passes_it_on():
    parser = ArgumentParser("a job")
    parser.add_argument("--k", type=int)
    parser.add_argument("-m", "--m")
    parser.add_argument("--long")
    found = parser.parse_args(["-k", "3", "-m", "x", "--long", "y"])
    assert (found.k, found.m, found.long) == (3, "x", "y")
