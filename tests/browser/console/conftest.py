"""The console in headless Chromium, on a pipeline that is deployed to an embedded AWS.

Training and evaluation are those of tests/faults/light.py: an execution takes seconds.
"""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from cli.served import site as web
from cli.served.console import site
from cli.served.demo import sample_config
from operations.data_sets import digits as sample
from state_machine import config
from state_machine.config import PipelineConfig
from tests.e2e.pipeline import PROJECT, Pipeline, deployed
from tests.faults import light

CONFIG = PROJECT / "pipeline.toml"
DATASET = "digits"
PATIENCE_SECONDS = 60.0
STOP_GRACE_SECONDS = "1"


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the four files of a small data set."""
    return sample.write(tmp_path_factory.mktemp("digits"))


@pytest.fixture(scope="session")
def settings() -> PipelineConfig:
    """The light pipeline, under the name that pipeline.toml gives: the console finds it by that."""
    pipeline = config.load(CONFIG)
    quick = light.settings(sample_config(pipeline))
    return quick.model_copy(update={"name": pipeline.name, "registry": pipeline.registry})


def real_trainings(epochs: int) -> PipelineConfig:
    """The sample's pipeline with TensorFlow, which takes any model that is better than guessing."""
    small = sample_config(config.load(CONFIG))
    hyperparameters = small.training.hyperparameters | {"epochs": epochs}
    low = {"metric": "accuracy", "op": ">=", "value": 0.1}
    return small.model_copy(
        update={
            "training": small.training.model_copy(update={"hyperparameters": hyperparameters}),
            "gate": small.gate.model_copy(update={"thresholds": [low], "champion": []}),
        }
    )


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory, settings: PipelineConfig) -> Iterator[Pipeline]:
    """The deployed pipeline; its server is `aws.aws`."""
    arguments = ("--stop-grace-seconds", STOP_GRACE_SECONDS)
    with deployed(tmp_path_factory.mktemp("aws"), settings, arguments) as stage:
        yield stage


@pytest.fixture(scope="session")
def uploaded(aws: Pipeline, digits: Path) -> str:
    """The ARN of the execution that the upload of the data set started, which has ended."""
    arn = light.upload(aws, digits, DATASET)
    assert aws.end_of(arn)["status"] == "SUCCEEDED"
    return arn


@contextmanager
def running_console(aws: Pipeline, folder: Path, *, read_only: bool = False) -> Iterator[str]:
    """Run `python -m console` on the embedded AWS; yield its address."""
    with socket.socket() as probe:
        probe.bind((web.HOST, 0))
        port = int(probe.getsockname()[1])
    served = site(CONFIG, folder, "dev", port, read_only=read_only)
    environment = {**aws.aws.environment(), "PYTHONPATH": str(PROJECT)}
    with pytest.MonkeyPatch.context() as inherited:
        inherited.delenv("PYTEST_CURRENT_TEST", raising=False)  # by which NiceGUI would know us
        server = web.start(replace(served, environment=environment))
    try:
        yield served.address
    finally:
        server.kill_group()


@pytest.fixture(scope="session")
def console(aws: Pipeline, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a console."""
    with running_console(aws, tmp_path_factory.mktemp("console")) as address:
        yield address


@pytest.fixture(scope="session")
def read_only_console(aws: Pipeline, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a console that changes nothing."""
    with running_console(aws, tmp_path_factory.mktemp("read-only"), read_only=True) as address:
        yield address


@pytest.fixture(scope="session")
def browser(chromium: Callable[..., Browser]) -> Iterator[Browser]:
    """A patient one."""
    expect.set_options(timeout=PATIENCE_SECONDS * 1000)
    launched = chromium()
    yield launched
    launched.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A new browser's page. What the browser complains of, a refusal by the policy too, fails."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    opened.set_default_timeout(PATIENCE_SECONDS * 1000)
    complaints: list[str] = []
    opened.on("console", lambda message: _note(complaints, message))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    context.close()
    assert complaints == []


def _note(complaints: list[str], message: Any) -> None:
    if message.type == "error":
        complaints.append(message.text)
