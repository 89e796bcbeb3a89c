"""Fixtures of the command line's tests."""

import pytest

from tests.unit.cli.fakes import PlainTerminal, RecordingReport


@pytest.fixture
def report() -> RecordingReport:
    return RecordingReport()


@pytest.fixture
def terminal() -> PlainTerminal:
    return PlainTerminal()
