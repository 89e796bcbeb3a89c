"""Decisions about versions: what is said to follow, and what does."""

import pytest

from console.account import ReadOnlyError
from console.actions import Actions
from console.models import decisions, registry
from console.models.registry import Registry
from operations.errors import InputError
from operations.models.registry import APPROVED, REJECTED, versions
from tests.fakes.account import FakeAccount
from tests.fakes.sagemaker import FakeSageMaker

GROUP = "digits"
PENDING = "PendingManualApproval"


def registered(*statuses: str) -> tuple[FakeSageMaker, Registry]:
    """A group with a version of each status, the oldest first."""
    fake = FakeSageMaker(GROUP)
    for status in statuses:
        fake.register(GROUP, "s3://bucket/model.tar.gz", status)
    return fake, read(fake)


def read(fake: FakeSageMaker) -> Registry:
    return Registry(GROUP, tuple(versions(fake, GROUP)))  # type: ignore[arg-type]


def follows(found: Registry, number: int, status: str) -> str:
    version = found.find(number)
    assert version
    return " ".join(registry.consequences(found, version, status))


def test_approving_the_newest_makes_it_the_champion() -> None:
    _, found = registered(APPROVED, PENDING)
    said = follows(found, 2, APPROVED)
    assert "The champion is version 2 then, in the place of version 1." in said


def test_approving_an_older_one_changes_no_champion() -> None:
    _, found = registered(PENDING, APPROVED)
    assert "The champion stays version 2" in follows(found, 1, APPROVED)


def test_rejecting_the_champion_gives_its_place_to_the_one_before_or_nobody() -> None:
    _, found = registered(APPROVED, APPROVED)
    assert "The champion is version 1 then, in the place of version 2." in follows(
        found, 2, REJECTED
    )
    _, alone = registered(APPROVED)
    assert "There is no champion then" in follows(alone, 1, REJECTED)


def test_a_decision_is_written_with_its_reason() -> None:
    fake, found = registered(PENDING)
    decisions.decide(FakeAccount(sagemaker=fake), found.versions[0], APPROVED, "checked")
    package = fake.groups[GROUP][0]
    assert package["ModelApprovalStatus"] == APPROVED
    assert package["ApprovalDescription"] == f"checked (by user/ann, was {PENDING})"


def test_a_decision_needs_a_reason() -> None:
    fake, found = registered(PENDING)
    with pytest.raises(InputError, match="reason is empty"):
        decisions.decide(FakeAccount(sagemaker=fake), found.versions[0], APPROVED, " \n")
    assert not fake.called("UpdateModelPackage")


def test_what_somebody_else_decided_is_not_overruled() -> None:
    fake, found = registered(PENDING)
    fake.groups[GROUP][0]["ModelApprovalStatus"] = REJECTED
    with pytest.raises(InputError, match="is Rejected, was PendingManualApproval"):
        decisions.decide(FakeAccount(sagemaker=fake), found.versions[0], APPROVED, "checked")
    assert not fake.called("UpdateModelPackage")


def test_a_rollback_does_what_was_shown() -> None:
    fake, found = registered(APPROVED, APPROVED, PENDING, APPROVED)
    plans = registry.rollbacks(found)
    assert [plan.target.number for plan in plans] == [2, 1]
    decisions.roll_back(FakeAccount(sagemaker=fake), plans[1], "worse")
    statuses = [package["ModelApprovalStatus"] for package in fake.groups[GROUP]]
    assert statuses == [APPROVED, REJECTED, PENDING, REJECTED]


def test_a_rollback_that_would_be_another_now_is_refused() -> None:
    fake, found = registered(APPROVED, APPROVED)
    (plan,) = registry.rollbacks(found)
    fake.register(GROUP, "s3://bucket/model.tar.gz", APPROVED)
    with pytest.raises(InputError, match="Nothing was changed: the champion is version 3"):
        decisions.roll_back(FakeAccount(sagemaker=fake), plan, "worse")
    assert not fake.called("UpdateModelPackage")


def test_there_is_nothing_to_roll_back_to() -> None:
    assert registry.rollbacks(registered(APPROVED, PENDING)[1]) == []
    assert registry.rollbacks(registered()[1]) == []


def test_a_read_only_console_does_none_of_it() -> None:
    fake, found = registered(APPROVED, APPROVED)
    actions = Actions(FakeAccount(read_only=True, sagemaker=fake))  # type: ignore[arg-type]
    (plan,) = registry.rollbacks(found)
    for act in (
        lambda: actions.decide(found.versions[0], REJECTED, "why"),
        lambda: actions.roll_back(plan, "why"),
        lambda: actions.start({}),
        lambda: actions.upload("a", "b", None),  # type: ignore[arg-type]
        lambda: actions.replay(None),
    ):
        with pytest.raises(ReadOnlyError):
            act()
    assert fake.calls[0][0] == "ListModelPackages"
    assert not fake.called("UpdateModelPackage")
