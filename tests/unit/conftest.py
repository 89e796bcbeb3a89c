"""Fixtures that tests of several rooms share."""

import pytest

from tests.fakes.terminal import PlainTerminal, RecordingReport


@pytest.fixture
def report() -> RecordingReport:
    return RecordingReport()


@pytest.fixture
def terminal() -> PlainTerminal:
    return PlainTerminal()
