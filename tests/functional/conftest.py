"""What the tests against the embedded AWS share."""

import contextlib
import io
import zipfile
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest

from local_aws.client import EmbeddedAws
from tests.functional.events import Queue, Rules
from tests.support.roles import allow, make_role

Deploy = Callable[..., str]


def zipped(**modules: str) -> bytes:
    """Return a zip with a Python module of each name."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, source in modules.items():
            archive.writestr(f"{name}.py", source)
    return buffer.getvalue()


@pytest.fixture(scope="session")
def role(embedded_aws: EmbeddedAws) -> str:
    """A role that functions may be given; its ARN."""
    return make_role(embedded_aws, allow("*"))


@pytest.fixture
def deploy(embedded_aws: EmbeddedAws, role: str) -> Iterator[Deploy]:
    """Deploy a function from the source of its module: `deploy(source, **settings)` -> name."""
    client = embedded_aws.client("lambda")
    names: list[str] = []

    def deploy(source: str, **settings: object) -> str:
        name = f"function-{uuid4().hex[:8]}"
        defaults = {"Role": role, "Runtime": "python3.11", "MemorySize": 256, "Timeout": 10}
        client.create_function(
            FunctionName=name,
            Handler="app.handler",
            Code={"ZipFile": zipped(app=source)},
            **(defaults | settings),
        )
        names.append(name)
        return name

    yield deploy
    for name in names:
        with contextlib.suppress(client.exceptions.ResourceNotFoundException):
            client.delete_function(FunctionName=name)


@pytest.fixture
def rules(embedded_aws: EmbeddedAws) -> Iterator[Rules]:
    made = Rules(embedded_aws)
    yield made
    made.delete()


@pytest.fixture
def queue(embedded_aws: EmbeddedAws) -> Queue:
    return Queue(embedded_aws)
