"""A published version stays what it was, whatever becomes of its function."""

import pytest
from botocore.exceptions import ClientError

from local_aws.client import EmbeddedAws
from tests.functional.conftest import Deploy, zipped
from tests.functional.local_aws.awslambda.test_functions import call

COLOUR = "import os\ndef handler(event, context):\n    return ['{}', os.environ['COLOUR']]\n"


def coloured(colour: str) -> dict[str, dict[str, str]]:
    return {"Variables": {"COLOUR": colour}}


@pytest.fixture
def name(deploy: Deploy) -> str:
    return deploy(COLOUR.format("first"), Environment=coloured("red"))


def test_a_version_keeps_its_code_and_its_settings(embedded_aws: EmbeddedAws, name: str) -> None:
    lambdas = embedded_aws.client("lambda")
    first = lambdas.publish_version(FunctionName=name)
    lambdas.update_function_code(FunctionName=name, ZipFile=zipped(app=COLOUR.format("second")))
    lambdas.update_function_configuration(FunctionName=name, Environment=coloured("blue"))
    second = lambdas.publish_version(FunctionName=name)

    assert [first["Version"], second["Version"]] == ["1", "2"]
    assert call(embedded_aws, first["FunctionArn"])["Payload"] == ["first", "red"]
    assert call(embedded_aws, f"{name}:2")["Payload"] == ["second", "blue"]
    assert call(embedded_aws, name, Qualifier="1")["ExecutedVersion"] == "1"
    assert call(embedded_aws, name)["ExecutedVersion"] == "$LATEST"


def test_nothing_is_published_twice(embedded_aws: EmbeddedAws, name: str) -> None:
    lambdas = embedded_aws.client("lambda")
    lambdas.update_function_configuration(FunctionName=name, Environment=coloured("blue"))

    assert lambdas.publish_version(FunctionName=name)["Version"] == "1"
    assert lambdas.publish_version(FunctionName=name)["Version"] == "1"


def test_a_number_is_never_used_again(embedded_aws: EmbeddedAws, name: str) -> None:
    lambdas = embedded_aws.client("lambda")
    for colour in ("red", "blue"):
        lambdas.update_function_configuration(FunctionName=name, Environment=coloured(colour))
        lambdas.publish_version(FunctionName=name)
    lambdas.delete_function(FunctionName=name, Qualifier="1")
    lambdas.update_function_configuration(FunctionName=name, Environment=coloured("green"))

    assert lambdas.publish_version(FunctionName=name)["Version"] == "3"
    listed = lambdas.list_versions_by_function(FunctionName=name)["Versions"]
    assert [one["Version"] for one in listed] == ["$LATEST", "2", "3"]


def test_other_code_than_the_caller_means_is_not_published(
    embedded_aws: EmbeddedAws, name: str
) -> None:
    lambdas = embedded_aws.client("lambda")

    with pytest.raises(ClientError, match="is different from current CodeSHA256 in"):
        lambdas.publish_version(FunctionName=name, CodeSha256="other")
