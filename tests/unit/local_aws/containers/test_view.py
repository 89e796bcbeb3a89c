"""What containers hide, and what of Python they show again."""

import sys
from pathlib import Path

import pytest

from local_aws.containers import view
from tests.support.paths import PROJECT


def test_homes_the_project_and_what_the_server_keeps_are_hidden(tmp_path: Path) -> None:
    hidden = view.hidden(tmp_path / ".retrain" / "aws")

    assert {Path("/home"), Path("/root"), PROJECT, tmp_path / ".retrain"} <= set(hidden)
    assert hidden == sorted(hidden)


@pytest.mark.parametrize("home", ["/", "/usr", "/usr/sbin", "/bin", "/var"])
def test_what_programs_need_is_never_hidden(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, home: str
) -> None:
    monkeypatch.setenv("HOME", home)
    assert Path(home).resolve() not in view.hidden(tmp_path)


def test_python_is_shown_where_it_is_covered_and_only_there() -> None:
    prefix = Path(sys.prefix)
    shown = {target for _, _, target in view.python([prefix])}
    assert str(prefix) in shown
    assert list(view.python([Path("/nowhere")])) == []
