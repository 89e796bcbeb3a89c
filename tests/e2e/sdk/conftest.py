"""A bucket, a SageMaker session and a way to run a chain of steps on the embedded AWS."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
import sagemaker
from stepfunctions.steps import Chain
from stepfunctions.workflow import Workflow

from local_aws.client import EmbeddedAws
from tests.functional.sagemaker_requests import Account
from tests.support.roles import ROLE
from tests.support.waiting import eventually

Run = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def account(embedded_aws: EmbeddedAws) -> Account:
    return Account(embedded_aws)


@pytest.fixture(scope="session")
def session(embedded_aws: EmbeddedAws, account: Account) -> Iterator[sagemaker.Session]:
    """The SDK's session as in a shell that `retrain local env` points at the embedded AWS."""
    with pytest.MonkeyPatch.context() as shell:
        for name, value in embedded_aws.environment().items():
            shell.setenv(name, value)
        yield sagemaker.Session(default_bucket=account.bucket)


@pytest.fixture(scope="session")
def run(account: Account) -> Run:
    """Return a function that makes a workflow of steps, runs it and describes the execution.

    `output` in what it returns is decoded. The definition that the service gives back is the one
    that the SDK rendered.
    """

    def run(*steps: Any, inputs: dict[str, Any] | None = None) -> dict[str, Any]:
        workflow = Workflow(
            f"sdk-{uuid4().hex[:12]}", Chain(list(steps)), ROLE, client=account.states
        )
        machine = workflow.create()
        kept = account.states.describe_state_machine(stateMachineArn=machine)
        assert json.loads(kept["definition"]) == workflow.definition.to_dict()
        execution = workflow.execute(inputs=inputs or {})

        def ended() -> dict[str, Any] | None:
            described: dict[str, Any] = execution.describe()
            return None if described["status"] == "RUNNING" else described

        described = eventually(ended)
        return described | {"output": json.loads(described.get("output", "null"))}

    return run
