"""A packaged Lambda runs with the SDK of its zip, here too, and not with what is installed."""

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from local_aws.client import EmbeddedAws
from state_machine.artifacts.chalice_app import ChaliceApp
from state_machine.artifacts.lambda_sdk import SERVICES
from state_machine.artifacts.lambda_zip import RUNTIME
from state_machine.names import Names
from tests.support.paths import PROJECT
from tests.support.roles import allow, make_role

NAMES = Names("retrain", "probe", "123456789012", "us-east-1")
PROBE = """
import os
import sys

import boto3
import botocore.exceptions
import jinja2
import markupsafe


def handler(event, context):
    found = {}
    for service in event:
        try:
            found[service] = boto3.client(service).meta.service_model.service_name
        except botocore.exceptions.UnknownServiceError:
            found[service] = None
    own = ("boto3", "botocore", "s3transfer", "jmespath", "urllib3", "dateutil", "six", "jinja2")
    files = {name: sys.modules[name].__file__ for name in own}
    page = jinja2.Template("{{ text | e }}").render(text="<b>")
    return {"clients": found, "files": files, "root": os.environ["LAMBDA_TASK_ROOT"], "page": page}
"""


@pytest.fixture
def function(embedded_aws: EmbeddedAws) -> Iterator[str]:
    """A function of the zip that a deployment packages, with one more module that looks around."""
    work = PROJECT / ".retrain"
    app = ChaliceApp(NAMES, {}, {}, session=boto3.Session(), project=PROJECT, work_folder=work)
    content = io.BytesIO(app.package.content)
    with zipfile.ZipFile(content, "a") as zipped:
        zipped.writestr("probe.py", PROBE)
    client = embedded_aws.client("lambda")
    client.create_function(
        FunctionName="probe",
        Handler="probe.handler",
        Code={"ZipFile": content.getvalue()},
        Role=make_role(embedded_aws, allow("logs:*")),
        Runtime=RUNTIME,
        Timeout=60,
        MemorySize=512,
    )
    yield "probe"
    client.delete_function(FunctionName="probe")


def test_the_shipped_sdk_is_used_and_knows_what_is_called(
    embedded_aws: EmbeddedAws, function: str
) -> None:
    asked = sorted(SERVICES | {"ec2"})
    answer = embedded_aws.client("lambda").invoke(FunctionName=function, Payload=json.dumps(asked))
    found: dict[str, Any] = json.loads(answer["Payload"].read())

    assert "FunctionError" not in answer, found
    assert found["clients"] == {service: service for service in SERVICES} | {"ec2": None}
    assert all(file.startswith(f"{found['root']}/") for file in found["files"].values())
    assert found["page"] == "&lt;b&gt;"  # by markupsafe without its compiled part, on 3.11
