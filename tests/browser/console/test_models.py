"""The registry in the browser: two versions from real trainings, compared and decided about."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.console.conftest import real_trainings, running_console
from tests.e2e.pipeline import Pipeline, deployed
from tests.functional.sagemaker_requests import unpacked
from tests.support.waiting import eventually

REASON = "slices <b>checked</b> by hand"


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory, digits: Path) -> Iterator[Pipeline]:
    """The sample, deployed, with two versions that wait for approval."""
    with deployed(tmp_path_factory.mktemp("aws"), real_trainings(epochs=3)) as stage:
        for file in sorted(digits.iterdir()):
            stage.put("digits", file)
        (first,) = eventually(stage.executions)
        stage.registered(first)
        yield stage


@pytest.fixture(scope="module")
def address(pipeline: Pipeline, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_console(pipeline, tmp_path_factory.mktemp("models")) as address:
        yield address


def test_the_form_refuses_what_the_lambda_would(page: Page, address: str) -> None:
    page.goto(f"{address}/start")
    epochs = page.get_by_label("epochs")
    expect(epochs).to_have_value("3")  # as deployed, which pipeline.toml does not say
    epochs.fill("many")
    expect(page.get_by_text('found "many", expected integer (a whole number, ')).to_be_visible()
    page.get_by_label("Training").fill("ml.m7g.large")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("Nothing was asked for: mend what is marked.")).to_be_visible()
    expect(page.get_by_text("ml.m7g.large is ARM")).to_be_visible()


def test_the_form_says_why_nothing_is_started(page: Page, address: str) -> None:
    page.goto(f"{address}/start")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("Nothing started")).to_be_visible()
    expect(page.get_by_role("link", name="That execution")).to_be_visible()


def test_the_form_starts_an_execution(page: Page, address: str, pipeline: Pipeline) -> None:
    on_a_phone(page)
    page.goto(f"{address}/start")
    page.get_by_label("epochs").fill("1")
    page.get_by_label("Reason").fill(REASON)
    page.get_by_role("button", name="Start").click()
    page.wait_for_url(re.compile(r"/executions/digits-"))
    arn, first = pipeline.executions()
    assert page.url.endswith(f"/executions/{arn.rsplit(':', 1)[-1]}")
    assert arn != first
    described = pipeline.states.describe_execution(executionArn=arn)
    assert '"epochs": 1' in described["input"]
    assert REASON in described["input"]
    pipeline.registered(arn)


def test_versions_are_listed_on_a_phone_too(page: Page, address: str) -> None:
    on_a_phone(page)
    page.goto(f"{address}/models")
    expect(page.get_by_text("There is no champion")).to_be_visible()
    expect(page.get_by_role("link", name="2", exact=True)).to_be_visible()
    expect(page.get_by_text("Waits for approval")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_two_versions_side_by_side(page: Page, address: str) -> None:
    page.goto(f"{address}/models")
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_text("paired bootstrap")).to_be_visible()
    differing = page.get_by_role("table").filter(has_text="Hyperparameters: what differs")
    expect(differing.get_by_role("row").filter(has_text="epochs")).to_contain_text("3")
    page.get_by_role("button", name=re.compile(r"Hyperparameters: \d+ the same")).click()
    expect(page.get_by_text("batch-size", exact=True)).to_be_visible()
    accuracy = page.get_by_role("row").filter(has_text=re.compile("^accuracy"))
    expect(accuracy.get_by_text(re.compile(r"^\[[+-]0\.\d{4}, [+-]0\.\d{4}\]$"))).to_be_visible()
    matrices = page.get_by_role("img", name=re.compile("of 360 images are taken for what they are"))
    expect(matrices).to_have_count(2)
    expect(matrices.first.get_by_text("36").first).to_be_visible()


def test_a_version_is_approved_rejected_and_rolled_back(
    page: Page, address: str, pipeline: Pipeline
) -> None:
    page.goto(f"{address}/models/1")
    page.get_by_role("button", name="Approve").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("The champion is version 1 then.")).to_be_visible()
    dialog.get_by_role("button", name="Approve").click()
    expect(dialog.get_by_text("Say why: it stands in the registry")).to_be_visible()
    decide(dialog, "Approve", REASON)
    # As text: nothing of it is a tag.
    expect(page.get_by_text(f"{REASON} (by user/moto, was PendingManualApproval)")).to_be_visible()
    expect(page.get_by_text("champion", exact=True)).to_be_visible()

    page.goto(f"{address}/models/2")
    page.get_by_role("button", name="Approve").click()
    expect(dialog.get_by_text("in the place of version 1")).to_be_visible()
    decide(dialog, "Approve", "better")
    expect(page.get_by_text("champion", exact=True)).to_be_visible()

    page.goto(f"{address}/models")
    page.get_by_role("button", name="Roll back").click()
    expect(dialog.get_by_text("Version 2 is rejected.")).to_be_visible()
    decide(dialog, "Roll back", "more complaints since Monday")
    expect(page.get_by_role("link", name="version 1")).to_be_visible()
    expect(page.get_by_text("rolled back to version 1: more complaints")).to_be_visible()

    page.goto(f"{address}/models/1")
    page.get_by_role("button", name="Reject").click()
    expect(dialog.get_by_text("There is no champion then")).to_be_visible()
    decide(dialog, "Reject", "fails on photographs")
    expect(page.get_by_text("Rejected", exact=True)).to_be_visible()
    statuses = [
        pipeline.sagemaker.describe_model_package(ModelPackageName=arn)["ModelApprovalStatus"]
        for arn in pipeline.model_packages()
    ]
    assert statuses == ["Rejected", "Rejected"]


def test_what_somebody_else_decided_meanwhile_is_not_overruled(
    page: Page, address: str, pipeline: Pipeline
) -> None:
    page.goto(f"{address}/models/1")
    page.get_by_role("button", name="Approve").click()
    arn = next(arn for arn in pipeline.model_packages() if arn.endswith("/1"))
    pipeline.sagemaker.update_model_package(
        ModelPackageArn=arn, ModelApprovalStatus="PendingManualApproval"
    )
    dialog = page.get_by_role("dialog")
    decide(dialog, "Approve", "looks good", closes=False)
    expect(dialog.get_by_text("somebody else decided: look again")).to_be_visible()


def test_a_version_says_where_it_comes_from(
    page: Page, address: str, pipeline: Pipeline, tmp_path: Path
) -> None:
    page.goto(f"{address}/models/2")
    expect(page.get_by_role("row").filter(has_text="accuracy >= 0.1")).to_contain_text("held")
    expect(page.get_by_role("link", name="The run's report")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="-train-0-0")).to_contain_text("Completed")
    with page.expect_download() as downloading:
        page.get_by_role("link", name="model.tar.gz").click()
    assert downloading.value.suggested_filename == "digits-dev-2.tar.gz"
    archive = tmp_path / "model.tar.gz"
    downloading.value.save_as(archive)
    assert "best_checkpoint.keras" in unpacked(archive.read_bytes())


def test_a_version_that_is_not_there(page: Page, address: str) -> None:
    page.goto(f"{address}/models/99")
    expect(page.get_by_text("digits-dev has no version 99")).to_be_visible()


def on_a_phone(page: Page) -> None:
    """Make the page as narrow as a phone's, and dark."""
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="dark")


def decide(dialog: Locator, button: str, reason: str, *, closes: bool = True) -> None:
    """Give the reason, and press the button in the dialog."""
    dialog.get_by_label("Reason").fill(reason)
    dialog.get_by_role("button", name=button).click()
    if closes:
        expect(dialog).to_be_hidden()
