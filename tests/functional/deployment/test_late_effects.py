"""Resources of a stage on an AWS that shows, and goes by, what it was told only later."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from state_machine.deployment.bucket import Bucket
from state_machine.deployment.resource import Action, Resource, Step, deployment_steps
from state_machine.deployment.resource import removal_steps as removal
from state_machine.deployment.roles import POLICY_NAME, Role
from state_machine.deployment.stage import apply
from state_machine.names import Names
from tests.functional.faults import Faults
from tests.functional.sagemaker_requests import unique
from tests.support.clocked_aws import ClockedAws
from tests.support.roles import allow

LONG, TOO_LONG = 40, 3600
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClockedAws]:
    with ClockedAws(tmp_path_factory.mktemp("clocked-aws")) as aws:
        yield aws


@pytest.fixture
def late(aws: ClockedAws) -> Iterator[Callable[[str, int], None]]:
    faults = Faults(aws)
    yield lambda kind, seconds: faults.set({"call": "*/*", "kind": kind, "seconds": seconds})
    faults.clear()
    aws.wait(TOO_LONG)


@pytest.fixture
def names() -> Names:
    return Names(unique("p"), "dev", "123456789012", "us-east-1")


def done(aws: ClockedAws, steps: list[Step]) -> tuple[list[Step], list[Step]]:
    """Apply the steps; return what was waited for, and what was not done in the end."""
    told: list[Step] = []
    left = apply(steps, told.append, lambda seconds: aws.wait(int(seconds)))
    return [step for step in told if step.action is Action.WAIT], left


def policy(*actions: str) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [allow(action) for action in actions]}


def test_a_new_bucket_is_waited_for_until_it_keeps_versions(
    aws: ClockedAws, late: Callable[[str, int], None], names: Names
) -> None:
    s3 = aws.client("s3")
    bucket = Bucket(names, s3)
    late("propagation", LONG)

    waits, left = done(aws, deployment_steps([bucket]))

    assert left == []
    assert {(step.resource, step.details) for step in waits} == {(bucket, ("versioning",))}
    assert s3.put_object(Bucket=bucket.name, Key="raw_data/digits/first")["VersionId"] != "null"
    assert bucket.holds() == "1 object"  # what it was tried with is none


def test_a_bucket_that_keeps_none_for_two_minutes_is_named(
    aws: ClockedAws, late: Callable[[str, int], None], names: Names
) -> None:
    late("propagation", TOO_LONG)

    _, left = done(aws, deployment_steps([Bucket(names, aws.client("s3"))]))

    assert [(step.action, step.resource.kind, step.details) for step in left] == [
        (Action.WAIT, "bucket", ("versioning",))
    ]


def test_a_role_is_made_changed_removed_and_made_again_as_if_iam_showed_it_at_once(
    aws: ClockedAws, late: Callable[[str, int], None], names: Names
) -> None:
    iam = aws.client("iam")

    def role(*actions: str) -> list[Resource]:
        return [Role("train", names, TRUST, policy(*actions), iam)]

    late("stale", LONG)
    for actions in (("s3:GetObject",), ("s3:GetObject", "s3:PutObject")):
        waits, left = done(aws, deployment_steps(role(*actions)))
        assert waits
        assert left == []
        (found,) = deployment_steps(role(*actions))
        assert found.action is Action.KEEP
    anything = json.dumps(policy("*"))
    iam.put_role_policy(RoleName=names.role("train"), PolicyName="by-hand", PolicyDocument=anything)
    aws.wait(LONG)
    _, left = done(aws, removal(role(), with_data=True))
    assert left == []
    assert removal(role(), with_data=True) == []
    (made,) = deployment_steps(role("s3:GetObject"))
    assert made.action is Action.CREATE
    assert done(aws, [made])[1] == []
    assert iam.list_role_policies(RoleName=names.role("train"))["PolicyNames"] == [POLICY_NAME]


def test_a_role_that_iam_does_not_show_is_no_error(
    aws: ClockedAws, late: Callable[[str, int], None], names: Names
) -> None:
    """Two people deploy at once: what the one has made the other does not see."""
    iam = aws.client("iam")
    role = Role("train", names, TRUST, policy("s3:GetObject"), iam)
    late("stale", LONG)
    first, second = deployment_steps([role]), deployment_steps([role])
    assert first[0].action is second[0].action is Action.CREATE

    first[0].apply()
    assert done(aws, second)[1] == []

    assert deployment_steps([role])[0].action is Action.KEEP
