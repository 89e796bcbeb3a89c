"""The pipeline of tests for which the model does not matter: one that takes no time."""

from pathlib import Path

import pytest

from cli.served.demo import sample_config
from state_machine import config
from state_machine.config import PipelineConfig
from tests.faults import light

PROJECT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def settings() -> PipelineConfig:
    return light.settings(sample_config(config.load(PROJECT / "pipeline.toml")))
