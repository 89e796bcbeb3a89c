"""The page of one execution: what it shows while it runs, and what can be done to it."""

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.console.conftest import DATASET
from tests.e2e.pipeline import Pipeline


def start(aws: Pipeline, fault: str, **asked: object) -> str:
    """Start an execution whose evaluation, or training, is to have the fault; return its ARN."""
    payload = {"dataset": DATASET, "hyperparameters": {"fault": fault}, "force": True, **asked}
    return str(aws.invoke("start_retraining", payload)["execution_arn"])


def show(page: Page, console: str, arn: str) -> None:
    page.goto(f"{console}/executions/{arn.rsplit(':', 1)[-1]}")
    expect(page.get_by_role("heading", level=1)).to_have_text(arn.rsplit(":", 1)[-1])


def state(page: Page, name: str, status: str) -> Locator:
    return page.get_by_role("button", name=f"State {name}: {status}", exact=True)


@pytest.fixture
def endless(aws: Pipeline, uploaded: str) -> Iterator[str]:
    """The ARN of an execution whose training does not end by itself."""
    arn = start(aws, "endless training", requested_by="ann", reason="to be looked at")
    yield arn
    aws.states.stop_execution(executionArn=arn)


@pytest.fixture(scope="module")
def failed(aws: Pipeline, uploaded: str) -> str:
    """The ARN of an execution whose evaluation has failed."""
    arn = start(aws, "fails")
    assert aws.end_of(arn)["status"] == "FAILED"
    return arn


def test_states_change_curves_and_log_appear_and_it_can_be_stopped(
    page: Page, console: str, endless: str
) -> None:
    show(page, console, endless)
    expect(state(page, "PrepareRun", "Succeeded")).to_be_visible()
    expect(state(page, "Train", "Running")).to_be_visible()
    expect(state(page, "Evaluate", "Not entered")).to_be_visible()
    expect(page.get_by_text("by ann")).to_be_visible()
    expect(page.get_by_text("Epoch 1 of 1: loss 0.1000")).to_be_visible()
    expect(page.get_by_role("img", name=re.compile(r'about "Accuracy".*1, 0\.9'))).to_be_visible()
    expect(page.get_by_role("log")).to_contain_text("epoch=1/1; loss=0.1")
    expect(page.get_by_text("Redrive and Start again")).to_be_hidden()
    expect(page.get_by_role("button", name="Redrive")).to_be_disabled()

    page.get_by_role("button", name="Stop").click()
    page.get_by_label("Reason").fill("it takes too long")
    page.get_by_role("button", name="Stop it").click()
    expect(state(page, "Train", "Stopped")).to_be_visible()
    expect(page.get_by_text("Console.Stopped")).to_be_visible()
    expect(page.get_by_text("it takes too long")).to_be_visible()
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_disabled()


def test_a_question_can_be_answered_with_no(
    page: Page, console: str, endless: str, aws: Pipeline
) -> None:
    show(page, console, endless)
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("button", name="Cancel")).to_be_hidden()
    assert aws.states.describe_execution(executionArn=endless)["status"] == "RUNNING"


def test_a_state_tells_all_by_keyboard(page: Page, console: str, failed: str) -> None:
    show(page, console, failed)
    prepared = state(page, "PrepareRun", "Succeeded")
    prepared.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="PrepareRun")).to_be_visible()
    expect(page.get_by_text("retrain-dev-prepare_run").first).to_be_visible()
    page.get_by_role("button", name="Output").click()
    expect(page.get_by_text('"run_id": ').first).to_be_visible()
    state(page, "Evaluate", "Failed").click()
    expect(page.get_by_role("heading", name="Evaluate")).to_be_visible()
    expect(page.get_by_text("as asked, it fails until").first).to_be_visible()
    expect(page.get_by_text("2 attempts", exact=True)).to_be_visible()
    expect(page.get_by_role("log")).to_contain_text("as asked, it fails")


def test_events_are_there_page_by_page(page: Page, console: str, failed: str) -> None:
    show(page, console, failed)
    page.get_by_role("button", name=re.compile(r"\d+ events")).click()
    page.get_by_role("button", name=re.compile("ExecutionFailed")).click()
    expect(page.get_by_text('"type": "ExecutionFailed"')).to_be_visible()


def test_a_failed_one_is_redriven_to_its_end(page: Page, console: str, failed: str) -> None:
    show(page, console, failed)
    expect(page.get_by_text("Stop: It has ended")).to_be_visible()
    page.get_by_role("button", name="Redrive").click()
    page.get_by_role("button", name="Redrive it").click()
    expect(state(page, "Registered", "Succeeded")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="Evaluate")).to_contain_text("redriven")
    expect(page.get_by_text("Redrive: It succeeded")).to_be_visible()
    rules = page.get_by_role("list", name="Rules", exact=True)
    expect(rules).to_contain_text("Held")
    expect(rules).to_contain_text("accuracy >= 0.5")


def test_the_report_is_embedded_and_can_do_nothing(page: Page, console: str, uploaded: str) -> None:
    show(page, console, uploaded)
    page.get_by_title("Report of the run").scroll_into_view_if_needed()
    report = page.frame_locator("iframe")
    expect(report.get_by_role("heading", name="Passed the gate")).to_be_visible()
    answer = page.request.get(f"{console}/executions/{uploaded.rsplit(':', 1)[-1]}/report")
    policy = answer.headers["content-security-policy"]
    assert "sandbox" in policy
    assert "default-src 'none'" in policy
    assert "script-src" not in policy


def test_a_hostile_report_stays_in_its_frame(
    browser: Browser, console: str, aws: Pipeline, uploaded: str
) -> None:
    name = uploaded.rsplit(":", 1)[-1]
    place = {"Bucket": aws.deployment.bucket, "Key": f"runs/{name}/report.html"}
    before = aws.s3.get_object(**place)["Body"].read()
    script = "<script>top.document.title = 'reached'</script>"
    aws.s3.put_object(**place, Body=f"<h1>Mine</h1>{script}".encode())
    with browser.new_context() as context:  # one whose complaints are wanted
        opened = context.new_page()
        try:
            with opened.expect_console_message(lambda said: "script" in said.text.lower()):
                opened.goto(f"{console}/executions/{name}/report")
            expect(opened.get_by_role("heading", name="Mine")).to_be_visible()
            assert opened.title() == ""
        finally:
            aws.s3.put_object(**place, Body=before)


def test_it_is_started_again_with_the_same_inputs(
    page: Page, console: str, aws: Pipeline, uploaded: str
) -> None:
    show(page, console, uploaded)
    page.get_by_role("button", name="Start again").click()
    page.get_by_label("Reason").fill("once more")
    page.get_by_role("button", name="Start it").click()
    expect(page).to_have_url(re.compile(rf"/executions/{DATASET}-\w+-\w+$"))
    expect(page.get_by_text("once more", exact=True)).to_be_visible()
    expect(state(page, "Registered", "Succeeded")).to_be_visible()
    newest = aws.states.describe_execution(executionArn=aws.executions()[0])
    identity = aws.aws.client("sts").get_caller_identity()["Arn"]
    assert identity.endswith(json.loads(newest["input"])["requested_by"])


def test_read_only_refuses(page: Page, read_only_console: str, uploaded: str) -> None:
    show(page, read_only_console, uploaded)
    for name in ("Stop", "Redrive", "Start again"):
        expect(page.get_by_role("button", name=name, exact=True)).to_be_disabled()
    expect(page.get_by_text("This console is read-only")).to_be_visible()


def test_what_is_not_there_is_said(page: Page, console: str) -> None:
    page.goto(f"{console}/executions/no-such-execution")
    expect(page.get_by_role("alert")).to_contain_text("There is no such execution")
