"""Versions of a Lambda: published on a change, found again, deleted when nobody needs them."""

from datetime import UTC, datetime, timedelta

import pytest

from local_aws.client import EmbeddedAws
from state_machine.deployment.versions import KEPT, Version
from tests.functional.conftest import Deploy

HANDLER = "def handler(event, context):\n    return 1\n"


@pytest.fixture
def name(deploy: Deploy) -> str:
    return deploy(HANDLER)


def version(aws: EmbeddedAws, name: str, *, later: timedelta = timedelta()) -> Version:
    return Version(
        "take_turn",
        name,
        aws.client("lambda"),
        deployed=lambda: True,
        template_of_function=dict,
        now=lambda: datetime.now(UTC) + later,
    )


def change(aws: EmbeddedAws, name: str, seconds: int) -> None:
    aws.client("lambda").update_function_configuration(FunctionName=name, Timeout=seconds)


def numbers(aws: EmbeddedAws, name: str) -> list[str]:
    listed = aws.client("lambda").list_versions_by_function(FunctionName=name)["Versions"]
    return [each["Version"] for each in listed][1:]


def test_a_version_is_known_until_its_function_is_changed(
    embedded_aws: EmbeddedAws, name: str
) -> None:
    published = version(embedded_aws, name)
    assert published.arn() == ""

    published.publish()
    assert published.arn().endswith(f":function:{name}:1")

    change(embedded_aws, name, 20)
    assert published.arn() == ""


def test_going_back_is_a_version_of_its_own(embedded_aws: EmbeddedAws, name: str) -> None:
    published = version(embedded_aws, name)
    for seconds in (10, 20, 10):
        change(embedded_aws, name, seconds)
        published.publish()

    assert published.arn().endswith(":3")


def test_versions_that_were_replaced_long_ago_are_deleted(
    embedded_aws: EmbeddedAws, name: str
) -> None:
    for seconds in (10, 20, 30):
        change(embedded_aws, name, seconds)
        version(embedded_aws, name).publish()
    assert numbers(embedded_aws, name) == ["1", "2", "3"]

    change(embedded_aws, name, 40)
    version(embedded_aws, name, later=KEPT - timedelta(hours=1)).publish()
    assert numbers(embedded_aws, name) == ["1", "2", "3", "4"]

    version(embedded_aws, name, later=KEPT + timedelta(hours=1)).publish()
    assert numbers(embedded_aws, name) == ["4"]
