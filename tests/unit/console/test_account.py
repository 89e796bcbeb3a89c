"""A read-only account: its clients send what reads, and nothing else."""

import ast
import re
from types import SimpleNamespace

import boto3
import pytest

from console.account import Account, ReadOnlyError, refuse_changes
from operations.executions.start import ONCE
from tests.support.paths import PROJECT

SERVICES = ("lambda", "logs", "s3", "sagemaker", "sqs", "stepfunctions", "sts")
CHANGING = re.compile(
    r"(Add|Change|Copy|Create|Delete|Invoke|Publish|Purge|Put|Receive|Redrive|Register|Remove"
    r"|Restore|Send|Set|Start|Stop|Tag|Untag|Update|Upload)[A-Z]"
)


def account(*, read_only: bool) -> Account:
    session = boto3.Session("key", "secret", region_name="us-east-1")
    stage = SimpleNamespace(client=lambda name, config: session.client(name, config=config))
    return Account(stage, read_only)  # type: ignore[arg-type]


def test_a_queue_is_not_received_from() -> None:
    with pytest.raises(ReadOnlyError):
        account(read_only=True).client("sqs").receive_message(QueueUrl="http://127.0.0.1:1/q")


def test_a_client_with_a_configuration_of_its_own_is_held_to_it_too() -> None:
    with pytest.raises(ReadOnlyError):
        account(read_only=True).client("lambda", ONCE).invoke(FunctionName="start_retraining")


def test_nothing_in_the_console_gets_a_client_from_anywhere_else() -> None:
    sources = [path for path in (PROJECT / "console").rglob("*.py") if path.name != "account.py"]
    around = [
        f"{path}:{node.lineno}"
        for path in sources
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute)
        and (node.attr == "session" or ast.unparse(node).endswith(("stage.client", "boto3.client")))
    ]
    assert sources
    assert around == []


@pytest.mark.parametrize("service", SERVICES)
def test_whatever_changes_something_is_refused_before_it_is_sent(service: str) -> None:
    model = account(read_only=True).client(service).meta.service_model
    passed = []
    for name in model.operation_names:
        try:
            refuse_changes(model.operation_model(name))
        except ReadOnlyError:
            continue
        passed.append(name)
    assert [name for name in passed if CHANGING.match(name)] == []
    assert passed, "what reads is sent"
