"""A real training in the browser, from the upload that starts it to the version it becomes."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.console.conftest import real_trainings, running_console
from tests.e2e.pipeline import Pipeline, deployed

EPOCHS = 40
TRAINING_SECONDS = 180  # far longer than it takes on a machine that does nothing else


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """The sample, deployed, with a training that is long enough to be followed."""
    with deployed(tmp_path_factory.mktemp("aws"), real_trainings(EPOCHS)) as stage:
        yield stage


@pytest.fixture(scope="module")
def address(pipeline: Pipeline, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_console(pipeline, tmp_path_factory.mktemp("training")) as address:
        yield address


def test_a_training_is_followed_stopped_and_taken_up_again(
    page: Page, address: str, pipeline: Pipeline, digits: Path
) -> None:
    page.goto(f"{address}/start")
    page.get_by_label("Name of the data set").fill("digits")
    page.locator("input[type=file]:not([webkitdirectory])").set_input_files(
        sorted(digits.iterdir())
    )
    page.get_by_role("link", name=re.compile("^digits-")).click()
    train = page.get_by_role("button", name=re.compile("^State Train: "))

    expect(train).to_have_accessible_name("State Train: Running")
    expect(page.get_by_text(epoch(3))).to_be_visible()
    expect(curve(page, "Accuracy", 3)).to_be_visible()
    expect(page.get_by_text(epoch(5))).to_be_visible()  # without a reload
    expect(curve(page, "Loss", 5)).to_be_visible()
    expect(page.get_by_role("log")).to_contain_text(f"epoch=5/{EPOCHS}")

    page.get_by_role("button", name="Stop").click()
    page.get_by_label("Reason").fill("the machine is needed")
    page.get_by_role("button", name="Stop it").click()
    expect(train).to_have_accessible_name("State Train: Stopped")
    reached = newest_epoch(page)
    assert 5 <= reached < EPOCHS

    page.get_by_role("button", name="Redrive").click()
    page.get_by_role("button", name="Redrive it").click()
    expect(train).to_have_accessible_name("State Train: Running")
    expect(page.get_by_text(epoch(EPOCHS))).to_be_visible(timeout=1000 * TRAINING_SECONDS)
    expect(page.get_by_role("button", name="State Registered: Succeeded")).to_be_visible()
    train.click()
    expect(page.get_by_text("2 attempts", exact=True)).to_be_visible()
    log = page.get_by_role("log")
    expect(log).to_contain_text(f"epoch={EPOCHS}/{EPOCHS}")
    expect(log).not_to_contain_text(f"epoch=1/{EPOCHS}")  # it went on where it was stopped
    assert len(pipeline.model_packages()) == 1


def epoch(at_least: int) -> re.Pattern[str]:
    """The newest epoch as the page tells it, from that number on."""
    numbers = "|".join(map(str, range(at_least, EPOCHS + 1)))
    return re.compile(rf"Epoch ({numbers}) of {EPOCHS}: ")


def curve(page: Page, figure: str, epochs: int) -> Locator:
    """The curve of a figure over at least so many epochs."""
    return page.get_by_role("img", name=re.compile(rf'about "{figure}".*\b{epochs}, \d'))


def newest_epoch(page: Page) -> int:
    told = page.get_by_text(epoch(1)).inner_text()
    return int(told.split()[1])
