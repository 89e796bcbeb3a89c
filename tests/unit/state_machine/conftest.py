"""The repository's own pipeline.toml, and a stage that it is built for."""

import pytest

from state_machine import config
from state_machine.artifacts import bundle
from state_machine.config import PipelineConfig
from state_machine.definition.deployed import Deployed
from state_machine.names import Names
from tests.support.paths import PROJECT


@pytest.fixture(scope="session")
def pipeline() -> PipelineConfig:
    return config.load(PROJECT / "pipeline.toml")


@pytest.fixture(scope="session")
def deployed() -> Deployed:
    names = Names("retrain", "dev", "123456789012", "eu-central-1")
    return Deployed(names, bundle.pack([PROJECT / "ml_scripts"], names.bucket))
