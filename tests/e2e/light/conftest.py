"""The pipeline of tests for which the model does not matter: one that takes no time."""

import pytest

from cli.served.demo import sample_config
from state_machine import config
from state_machine.config import PipelineConfig
from tests.faults import light
from tests.support.paths import PROJECT


@pytest.fixture(scope="module")
def settings() -> PipelineConfig:
    return light.settings(sample_config(config.load(PROJECT / "pipeline.toml")))
