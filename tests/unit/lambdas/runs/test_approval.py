"""Approving by rule: what is approved, what is left alone, what is taken back."""

import pytest
from botocore.exceptions import ClientError

from lambdas.errors import ThrottlingError
from lambdas.runs.approval import Approval, approve
from tests.fakes.sagemaker import FakeSageMaker
from tests.fakes.service import client_error

GROUP = "Fashion-MNIST"  # in ARNs it is in lower case
SAID = "accuracy 0.910 >= 0.900"
BY_RULE = f"{SAID} (by the rules of auto_approve)"
NONE = {"model_package_arn": None, "model_sha256": "none"}
CHANGED = (
    "not approved by rule: version 3 is the champion now, the model was measured against version 1"
)


@pytest.fixture
def sagemaker() -> FakeSageMaker:
    return FakeSageMaker(GROUP)


@pytest.fixture
def champion(sagemaker) -> dict[str, str]:
    """Version 1, as the run's state has it."""
    arn = sagemaker.register(GROUP, None)
    package(sagemaker, arn)["CustomerMetadataProperties"]["model_sha256"] = "a" * 64
    return {"model_package_arn": arn, "model_sha256": "a" * 64}


@pytest.fixture
def version(sagemaker, champion) -> str:
    """Version 2, which waits."""
    return sagemaker.register(GROUP, None, "PendingManualApproval")


def package(sagemaker: FakeSageMaker, arn: str) -> dict:
    return next(p for p in sagemaker.groups[GROUP] if p["ModelPackageArn"] == arn)


def status(sagemaker: FakeSageMaker, arn: str) -> tuple[str, str | None]:
    found = package(sagemaker, arn)
    return found["ModelApprovalStatus"], found.get("ApprovalDescription")


def test_a_version_that_was_measured_against_the_champion_is_approved(sagemaker, champion, version):
    assert approve(sagemaker, version, GROUP, champion, SAID) == Approval("Approved", True, SAID)
    assert status(sagemaker, version) == ("Approved", BY_RULE)


def test_a_first_version_is_approved_while_there_is_no_champion(sagemaker):
    first = sagemaker.register(GROUP, None, "PendingManualApproval")
    assert approve(sagemaker, first, GROUP, NONE, SAID).by_rule


def test_a_version_waits_if_a_person_approved_another_one_meanwhile(sagemaker, champion, version):
    sagemaker.register(GROUP, None)
    found = approve(sagemaker, version, GROUP, champion, SAID)
    assert found == Approval("PendingManualApproval", False, CHANGED)
    assert status(sagemaker, version) == ("PendingManualApproval", CHANGED)


def test_a_version_waits_if_there_is_a_champion_now_and_was_none(sagemaker, version):
    found = approve(sagemaker, version, GROUP, NONE, SAID)
    assert found.reason.endswith(
        "version 1 is the champion now, the model was measured against none"
    )


@pytest.mark.parametrize("how", ["Rejected", "deleted"])
def test_a_version_waits_if_its_champion_is_gone(sagemaker, champion, version, how):
    arn = champion["model_package_arn"]
    if how == "deleted":
        sagemaker.delete_model_package(ModelPackageName=arn)
    else:
        sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus=how)
    found = approve(sagemaker, version, GROUP, champion, SAID)
    assert found.status == "PendingManualApproval"
    assert "there is no champion now, the model was measured against version 1" in found.reason


def test_a_champion_of_another_digest_is_another_model(sagemaker, champion, version):
    found = approve(sagemaker, version, GROUP, champion | {"model_sha256": "b" * 64}, SAID)
    assert found.reason == "not approved by rule: version 1 has another model_sha256 than it had"


def test_an_approval_between_the_look_and_the_update_is_seen_and_the_own_one_taken_back(
    sagemaker, champion, version
):
    sagemaker.just_before("UpdateModelPackage", lambda: sagemaker.register(GROUP, None))
    assert approve(sagemaker, version, GROUP, champion, SAID).reason == CHANGED
    assert status(sagemaker, version) == ("PendingManualApproval", CHANGED)


@pytest.mark.parametrize("decision", ["Approved", "Rejected"])
def test_what_a_person_has_decided_is_left_alone(sagemaker, champion, version, decision):
    sagemaker.update_model_package(
        ModelPackageArn=version, ModelApprovalStatus=decision, ApprovalDescription="slices checked"
    )
    found = approve(sagemaker, version, GROUP, champion, SAID)
    reason = f"not approved by rule: it is {decision} already: slices checked"
    assert found == Approval(decision, False, reason)
    assert status(sagemaker, version) == (decision, "slices checked")


def test_a_version_that_a_person_deletes_is_no_failure(sagemaker, champion, version):
    sagemaker.just_before(
        "UpdateModelPackage", lambda: sagemaker.delete_model_package(ModelPackageName=version)
    )
    assert approve(sagemaker, version, GROUP, champion, SAID).status == "Deleted"


def test_a_repeated_call_changes_nothing(sagemaker, champion, version):
    first = approve(sagemaker, version, GROUP, champion, SAID)
    before = len(sagemaker.called("UpdateModelPackage"))
    assert approve(sagemaker, version, GROUP, champion, SAID) == first
    assert len(sagemaker.called("UpdateModelPackage")) == before


def test_a_call_after_one_that_died_behind_its_update_looks_once_more(sagemaker, champion, version):
    approve(sagemaker, version, GROUP, champion, SAID)
    sagemaker.register(GROUP, None)
    assert approve(sagemaker, version, GROUP, champion, SAID).reason == CHANGED


def test_a_version_that_was_left_to_a_person_is_not_approved_by_a_repeated_call(
    sagemaker, champion, version
):
    third = sagemaker.register(GROUP, None)
    approve(sagemaker, version, GROUP, champion, SAID)
    sagemaker.update_model_package(ModelPackageArn=third, ModelApprovalStatus="Rejected")
    assert approve(sagemaker, version, GROUP, champion, SAID).status == "PendingManualApproval"


def test_a_conflict_is_worth_another_try_and_other_refusals_are_raised(
    sagemaker, champion, version
):
    sagemaker.refuse("UpdateModelPackage", "ConflictException", 400)
    with pytest.raises(ThrottlingError):
        approve(sagemaker, version, GROUP, champion, SAID)
    sagemaker.refuse("UpdateModelPackage", "AccessDeniedException", 400)
    with pytest.raises(ClientError, match="AccessDenied"):
        approve(sagemaker, version, GROUP, champion, SAID)


def test_a_registry_that_does_not_show_the_approval_is_asked_again_later(
    sagemaker, champion, version
):
    def forgotten() -> None:
        package(sagemaker, version).update(ModelApprovalStatus="PendingManualApproval")
        package(sagemaker, version).pop("ApprovalDescription", None)

    for _ in range(10):
        sagemaker.just_before("DescribeModelPackage", forgotten)
    with pytest.raises(ThrottlingError, match="does not show it"):
        approve(sagemaker, version, GROUP, champion, SAID)


def test_whatever_the_rules_say_the_registry_takes_the_description(sagemaker, champion, version):
    assert approve(sagemaker, version, GROUP, champion, "x\n\u2028" * 2000).by_rule
    _, description = status(sagemaker, version)
    assert description.isprintable()
    assert len(description) <= 1024


def test_the_error_of_a_missing_version_is_known_in_each_wording():
    from lambdas.runs.champion import is_missing  # noqa: PLC0415

    for code, message in (
        ("ValidationException", "ModelPackage arn does not exist."),
        ("ValidationError", "Model package arn not found"),
        ("ResourceNotFound", ""),
    ):
        assert is_missing(client_error(code, "DescribeModelPackage", message))
    assert not is_missing(client_error("ValidationException", "UpdateModelPackage", "too long"))
