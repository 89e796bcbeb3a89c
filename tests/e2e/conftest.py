"""The whole pipeline, deployed once to an embedded AWS, on scikit-learn's digits."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.served.demo import sample_config
from operations.data_sets import digits as sample
from state_machine import config
from state_machine.config import PipelineConfig
from tests.e2e.pipeline import PROJECT, Pipeline, deployed


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the four files of the data set."""
    return sample.write(tmp_path_factory.mktemp("digits"))


@pytest.fixture(scope="session")
def settings() -> PipelineConfig:
    """The sample's settings, with as many epochs as its gate asks for, all run by every run."""
    small = sample_config(config.load(PROJECT / "pipeline.toml"))
    hyperparameters = small.training.hyperparameters | {"epochs": 4}
    training = small.training.model_copy(update={"hyperparameters": hyperparameters})
    return small.model_copy(update={"training": training, "reuse_unchanged_steps": False})


@pytest.fixture(scope="module")
def pipeline(
    tmp_path_factory: pytest.TempPathFactory, settings: PipelineConfig
) -> Iterator[Pipeline]:
    """The deployed pipeline: one for each module, because data sets and models are shared state."""
    with deployed(tmp_path_factory.mktemp("aws"), settings) as stage:
        yield stage
