"""Versions, decisions about them, and what a rollback would do."""

import pytest
from botocore.exceptions import ClientError

from operations.errors import InputError, NoVersionError
from operations.models.registry import (
    APPROVED,
    REJECTED,
    Version,
    caller,
    champion,
    decide,
    description,
    find,
    plan_rollback,
    versions,
)
from tests.fakes.sagemaker import FakeSageMaker

GROUP = "digits"
PENDING = "PendingManualApproval"


def registry(*statuses: str) -> FakeSageMaker:
    """A group with a version of each status, the oldest first."""
    fake = FakeSageMaker(GROUP, "other")
    for status in statuses:
        fake.register(GROUP, "s3://bucket/model.tar.gz", status)
    return fake


def known(*statuses: str) -> list[Version]:
    return versions(registry(*statuses), GROUP)  # type: ignore[arg-type]


def found(fake: FakeSageMaker, asked: str) -> Version:
    return find(fake, GROUP, asked)  # type: ignore[arg-type]


def numbers(given: tuple[Version, ...] | list[Version]) -> list[int]:
    return [version.number for version in given]


def test_all_pages_are_read_newest_first() -> None:
    assert numbers(known(*[PENDING] * 7)) == [7, 6, 5, 4, 3, 2, 1]


def test_the_champion_is_the_newest_approved() -> None:
    newest = champion(known(APPROVED, APPROVED, REJECTED, PENDING))
    assert newest
    assert newest.number == 2
    assert champion(known(PENDING)) is None


def test_a_version_is_found_by_number_by_arn_and_as_champion() -> None:
    fake = registry(APPROVED, PENDING)
    by_number = found(fake, "1")
    assert str(by_number) == "version 1 of digits"
    assert found(fake, by_number.arn) == found(fake, "champion") == by_number


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ("3", "digits has no version 3; it has 1, 2"),
        ("champion", "No version of digits is Approved, so there is no champion"),
        ("arn:aws:sagemaker:us-east-1:123456789012:model-package/digits/9", "Found no model"),
    ],
)
def test_a_version_that_is_not_there_is_named(asked: str, problem: str) -> None:
    with pytest.raises(NoVersionError, match=problem) as raised:
        found(registry(PENDING, REJECTED), asked)
    assert "retrain models list" in raised.value.next_step


@pytest.mark.parametrize("asked", ["newest", "-1", "", "v3", "1.0"])
def test_what_names_no_version_is_refused(asked: str) -> None:
    with pytest.raises(InputError, match="expected a number such as 3, `champion`, or an ARN"):
        found(registry(APPROVED), asked)


def test_an_arn_that_may_not_be_read_is_botocores_error() -> None:
    fake = registry(APPROVED)
    fake.refuse("DescribeModelPackage", "AccessDeniedException", 403)
    with pytest.raises(ClientError, match="AccessDenied"):
        found(fake, "arn:aws:sagemaker:us-east-1:123456789012:model-package/digits/1")


def test_a_decision_says_why_who_and_what_was() -> None:
    fake = registry(PENDING)

    assert decide(fake, found(fake, "1"), APPROVED, "slices checked", "user/ann")  # type: ignore[arg-type]

    package = fake.groups[GROUP][0]
    assert package["ModelApprovalStatus"] == APPROVED
    assert package["ApprovalDescription"] == (
        "slices checked (by user/ann, was PendingManualApproval)"
    )
    assert package["CustomerMetadataProperties"] == {"run_id": "run-1"}


def test_deciding_the_same_again_changes_nothing() -> None:
    fake = registry(APPROVED)

    assert not decide(fake, found(fake, "1"), APPROVED, "again", "user/bob")  # type: ignore[arg-type]

    assert fake.called("UpdateModelPackage") == []


def test_a_description_fits_the_registry_and_keeps_who() -> None:
    text = description("why\n\x00" * 1000, "user/ann", PENDING)
    assert len(text) == 1024
    assert text.isprintable()
    assert text.endswith("... (by user/ann, was PendingManualApproval)")


@pytest.mark.parametrize(
    ("arn", "who"),
    [
        ("arn:aws:iam::123456789012:user/ann", "user/ann"),
        ("arn:aws:sts::123456789012:assumed-role/Admin/ann", "assumed-role/Admin/ann"),
        ("arn:aws:iam::123456789012:root", "root"),
    ],
)
def test_who_calls(arn: str, who: str) -> None:
    assert caller(arn) == who


def test_a_rollback_rejects_the_newer_approved_ones_the_champion_last() -> None:
    plan = plan_rollback(GROUP, known(APPROVED, PENDING, APPROVED, REJECTED, APPROVED, PENDING))
    assert (plan.target.number, plan.champion.number) == (3, 5)
    assert numbers(plan.to_reject) == [5]


def test_a_rollback_further_back() -> None:
    all_versions = known(APPROVED, APPROVED, PENDING, APPROVED)
    plan = plan_rollback(GROUP, all_versions, to=all_versions[-1])
    assert plan.target.number == 1
    assert numbers(plan.to_reject) == [2, 4]


def test_a_rollback_to_the_champion_has_nothing_to_do() -> None:
    all_versions = known(APPROVED, APPROVED)
    assert plan_rollback(GROUP, all_versions, to=all_versions[0]).to_reject == ()


@pytest.mark.parametrize(
    ("statuses", "there"),
    [([], "no version"), ([PENDING], "no version"), ([REJECTED, APPROVED], "only version 2")],
)
def test_nothing_to_roll_back_to(statuses: list[str], there: str) -> None:
    with pytest.raises(NoVersionError, match=f"nothing to roll back to: {there} of digits"):
        plan_rollback(GROUP, known(*statuses))


def test_a_rollback_to_a_version_that_is_not_approved() -> None:
    all_versions = known(REJECTED, APPROVED)
    with pytest.raises(NoVersionError, match="version 1 of digits is Rejected") as raised:
        plan_rollback(GROUP, all_versions, to=all_versions[-1])
    assert "retrain models approve 1" in raised.value.next_step
