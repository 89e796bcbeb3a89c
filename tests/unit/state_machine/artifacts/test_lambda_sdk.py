"""The zip holds the SDK for what the Lambdas call, and not for the other services."""

import ast
from collections.abc import Iterator
from pathlib import Path

from state_machine.artifacts.lambda_sdk import SERVICES, trim
from tests.support.paths import PROJECT

# How code asks for a service, in its first argument: app.client, boto3.client and botocore's.
ASKING = {"client", "resource", "get_service_model", "create_client"}


def asked_for(source: Path) -> Iterator[str]:
    """Yield what each call that asks for a service names; "?" if it is no text."""
    for node in ast.walk(ast.parse(source.read_text())):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = getattr(node.func, "attr", None) or getattr(node.func, "id", None)
        if name in ASKING:
            first = node.args[0]
            yield first.value if isinstance(first, ast.Constant) else f"{source.name}: {name}(?)"


def test_every_service_that_the_lambdas_ask_for_is_shipped() -> None:
    sources = [PROJECT / "app.py", *(PROJECT / "lambdas").rglob("*.py")]
    found = {service for source in sources for service in asked_for(source)}
    found.remove("app.py: client(?)")  # boto3.client in app.client, whose callers count
    assert found == SERVICES


def test_what_belongs_to_no_service_and_is_read_stays(tmp_path: Path) -> None:
    for file in (
        "botocore/data/s3/2006-03-01/service-2.json.gz",
        "botocore/data/ec2/2016-11-15/service-2.json.gz",
        "botocore/data/endpoints.json",
        "botocore/client.py",
        "boto3/data/ec2/2016-11-15/resources-1.json",
        "other/data/ec2/file",
        "aws_lambda_powertools/event_handler/openapi/swagger_ui/swagger-ui-bundle.min.js",
        "aws_lambda_powertools/event_handler/openapi/swagger_ui/html.py",
        "dateutil/zoneinfo/dateutil-zoneinfo.tar.gz",
    ):
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()

    trim(tmp_path)

    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {
        "botocore/data/s3/2006-03-01/service-2.json.gz",
        "botocore/data/endpoints.json",
        "botocore/client.py",
        "other/data/ec2/file",
        "aws_lambda_powertools/event_handler/openapi/swagger_ui/html.py",
    }
