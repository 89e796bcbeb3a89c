"""The page of all executions, as a person sees it."""

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.browser.console.conftest import DATASET
from tests.e2e.pipeline import Pipeline

HOSTILE = "<img src=x onerror=alert(1)> {{constructor}}"


@pytest.fixture(scope="module")
def refused(aws: Pipeline, uploaded: str) -> str:
    """The name of an execution whose model the gate has rejected, asked for by somebody hostile."""
    asked = {
        "dataset": DATASET,
        "hyperparameters": {"fault": "not a number"},
        "requested_by": HOSTILE,
        "reason": "[a](javascript:alert(1)) of next week",
    }
    arn = aws.invoke("start_retraining", asked)["execution_arn"]
    assert aws.end_of(arn)["status"] == "FAILED"
    return str(arn.rsplit(":", 1)[-1])


def name_of(arn: str) -> str:
    return arn.rsplit(":", 1)[-1]


def test_executions_tell_who_started_them_and_how_they_ended(
    page: Page, console: str, uploaded: str, refused: str
) -> None:
    page.goto(console)
    line = page.get_by_role("row").filter(has=page.get_by_role("link", name=refused, exact=True))
    for text in (HOSTILE, "[a](javascript:alert(1))", "Failed", "Rejected", DATASET):
        expect(line).to_contain_text(text)
    expect(line.locator("img")).to_have_count(0)
    first = page.get_by_role("row").filter(
        has=page.get_by_role("link", name=name_of(uploaded), exact=True)
    )
    for text in ("Upload", "Succeeded", "Registered", DATASET):
        expect(first).to_contain_text(text)
    expect(first).to_contain_text(re.compile(r"0\.\d{4}"))
    newest_first = page.locator("tbody a").all_text_contents()
    assert newest_first.index(refused) < newest_first.index(name_of(uploaded))


def test_they_are_filtered_by_text_and_status(
    page: Page, console: str, uploaded: str, refused: str
) -> None:
    page.goto(console)
    filter_by = page.get_by_label("Filter by text")
    filter_by.fill("NEXT WEEK")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.get_by_role("link", name=refused)).to_be_visible()
    filter_by.fill("there is no such thing")
    expect(page.get_by_role("status").first).to_contain_text("0 of")
    expect(page.get_by_role("link", name=refused)).to_be_hidden()
    filter_by.fill("")
    page.get_by_label("Status").click()
    page.get_by_role("option", name="Succeeded").click()
    expect(page.get_by_role("link", name=name_of(uploaded), exact=True)).to_be_visible()
    expect(page.get_by_role("link", name=refused)).to_be_hidden()


def test_a_new_one_appears_and_ends_without_a_reload(
    page: Page, console: str, aws: Pipeline, uploaded: str
) -> None:
    page.goto(console)
    expect(page.get_by_role("link", name=name_of(uploaded), exact=True)).to_be_visible()
    arn = aws.invoke("start_retraining", {"dataset": DATASET, "force": True})["execution_arn"]
    line = page.get_by_role("row").filter(has=page.get_by_role("link", name=name_of(arn)))
    expect(line).to_contain_text("Running")
    expect(line).to_contain_text("Succeeded")
    expect(line).to_contain_text("Registered")


def test_nothing_sticks_out_on_a_phone(page: Page, console: str, refused: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    for path in ("/", f"/executions/{quote(refused)}"):
        page.goto(console + path)
        expect(page.get_by_text(refused).first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
