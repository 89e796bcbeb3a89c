"""The fault suite: what breaks is real, its moment is drawn from a seed, and nothing may leak.

`FAULT_ROUNDS=20` runs every fault that often, each round with another seed.
"""

import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.served.demo import sample_config
from local_aws.client import EmbeddedAws
from operations.data_sets import digits as sample
from state_machine import config
from tests.e2e.pipeline import Pipeline
from tests.faults import figures, leaks, light
from tests.faults.baseline import Baseline, few_epochs
from tests.functional.faults import Faults
from tests.functional.sagemaker_requests import Account
from tests.support.paths import PROJECT

STOP_GRACE_SECONDS = 1.0


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Repeat every test that asks for chance, once for each round."""
    if "fault_round" in metafunc.fixturenames:
        rounds = int(os.environ.get("FAULT_ROUNDS", "1"))
        metafunc.parametrize("fault_round", range(1, rounds + 1))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand what this worker of pytest-xdist measured to the process that prints it."""
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["figures"] = figures.measured()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a worker measured."""
    figures.add(getattr(node, "workeroutput", {}).get("figures", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was measured."""
    for line in figures.lines():
        terminalreporter.write_line(line)


@pytest.fixture
def chance(request: pytest.FixtureRequest, fault_round: int) -> random.Random:
    """Draws when and how a fault strikes: the same in every run of the same test and round."""
    return random.Random(f"{request.node.originalname} {fault_round}")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    """An embedded AWS of the suite's own, which gives a stopped job one second."""
    arguments = ("--stop-grace-seconds", str(STOP_GRACE_SECONDS))
    arguments += ("--lambda-retry-delays", "0.2,0.4")
    with EmbeddedAws(tmp_path_factory.mktemp("aws"), arguments=arguments) as aws:
        yield aws


@pytest.fixture(scope="session")
def account(server: EmbeddedAws) -> Account:
    return Account(server)


@pytest.fixture
def faults(server: EmbeddedAws) -> Iterator[Faults]:
    """Calls to this server that fail: none before the test asks, none after it."""
    faults = Faults(server)
    yield faults
    faults.clear()


@pytest.fixture(scope="session")
def pipeline(server: EmbeddedAws) -> Pipeline:
    """The deployed pipeline, with few epochs."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in server.environment().items():
            environment.setenv(name, value)
        deployed = Pipeline(server, PROJECT)
        deployed.deploy(few_epochs(sample_config(config.load(PROJECT / "pipeline.toml"))))
    return deployed  # the environment is as before: other tests follow in this process


@pytest.fixture(scope="session")
def light_pipeline(server: EmbeddedAws) -> Pipeline:
    """The pipeline with a model that takes no time, deployed beside the other."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in server.environment().items():
            environment.setenv(name, value)
        sample = sample_config(config.load(PROJECT / "pipeline.toml"))
        deployed = Pipeline(server, PROJECT)
        deployed.deploy(light.settings(sample))
    return deployed


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the four files of the data set."""
    return sample.write(tmp_path_factory.mktemp("digits"))


@pytest.fixture(scope="session")
def baseline(pipeline: Pipeline, digits: Path) -> Baseline:
    """A run that nothing disturbed: what every other one must equal."""
    for file in digits.iterdir():
        key = pipeline.put(sample.NAME, file)
    assert key
    return Baseline(pipeline)


@pytest.fixture(autouse=True)
def _nothing_leaks(server: EmbeddedAws) -> Iterator[None]:
    yield
    leaks.assert_none(server)
