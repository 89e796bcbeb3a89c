"""The environment that points programs at an AWS."""

import os

import pytest

from operations.stage import applied, exports

ENVIRONMENT = {"AWS_ENDPOINT_URL": "http://127.0.0.1:4", "AWS_ACCESS_KEY_ID": "test"}


def test_exports_are_lines_for_a_shell() -> None:
    lines = exports(ENVIRONMENT)
    assert lines[0].startswith("unset AWS_PROFILE")
    assert "export AWS_ENDPOINT_URL=http://127.0.0.1:4" in lines


def test_an_environment_is_applied_and_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "work")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "mine")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with pytest.raises(KeyboardInterrupt), applied(ENVIRONMENT):
        assert os.environ["AWS_ACCESS_KEY_ID"] == "test"
        assert "AWS_PROFILE" not in os.environ
        raise KeyboardInterrupt
    assert os.environ["AWS_PROFILE"] == "work"
    assert os.environ["AWS_ACCESS_KEY_ID"] == "mine"
    assert "AWS_ENDPOINT_URL" not in os.environ
