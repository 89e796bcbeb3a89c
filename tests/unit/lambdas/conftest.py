"""Fixtures: fakes of the AWS services, and payloads kept as files in ``tests/events``."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from lambdas.settings import Settings
from tests.fakes.ecr import FakeEcr
from tests.fakes.s3 import FakeS3
from tests.fakes.sagemaker import FakeSageMaker
from tests.fakes.stepfunctions import FakeStepFunctions
from tests.support.code import place_code
from tests.support.paths import EVENTS

BUCKET = "retrain-dev-123456789012-us-east-1"
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:retrain-dev"
FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)


@pytest.fixture
def settings() -> Settings:
    defaults = {"epochs": 10, "batch-size": 64, "learning-rate": 0.001, "seed": 42}
    return Settings(BUCKET, MACHINE, "raw_data/", FILES, defaults)


@pytest.fixture
def s3() -> FakeS3:
    bucket = FakeS3(BUCKET)
    place_code(bucket, BUCKET)
    return bucket


@pytest.fixture
def stepfunctions() -> FakeStepFunctions:
    return FakeStepFunctions()


@pytest.fixture
def sagemaker() -> FakeSageMaker:
    return FakeSageMaker("fashion-mnist")


@pytest.fixture
def ecr() -> FakeEcr:
    return FakeEcr()


@pytest.fixture
def event() -> Callable[[str], Any]:
    """Return a loader of the payloads in ``tests/events`` by name."""
    return lambda name: json.loads((EVENTS / f"{name}.json").read_text())


@pytest.fixture
def upload(s3: FakeS3) -> Callable[..., None]:
    """Return a function that uploads all files of a data set, or those named."""

    def upload_files(dataset: str, *files: str) -> None:
        for file in files or FILES:
            s3.upload(BUCKET, f"raw_data/{dataset}/{file}", file.encode())

    return upload_files
