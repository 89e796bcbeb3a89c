"""Executions are started: by the upload of a data set, through the place to drop it."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.pipeline import Pipeline

READ_ONLY = "This console is read-only: open it without --read-only to change"
# Drops files as a person does who has them in another window.
DROP = """([element, files]) => {
    const dragged = new DataTransfer();
    for (const [name, base64] of files) {
        const bytes = Uint8Array.from(atob(base64), character => character.charCodeAt(0));
        dragged.items.add(new File([bytes], name));
    }
    const event = {bubbles: true, cancelable: true, dataTransfer: dragged};
    element.dispatchEvent(new DragEvent("dragover", event));
    element.dispatchEvent(new DragEvent("drop", event));
}"""


def test_a_folder_is_uploaded_and_its_execution_shown(
    page: Page, console: str, aws: Pipeline, digits: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "dropped-digits"
    folder.mkdir()
    for file in digits.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    (folder / ".DS_Store").write_bytes(b"of a file manager")
    page.goto(f"{console}/start")
    page.locator("input[webkitdirectory]").set_input_files(folder)
    expect(page.get_by_label("Name of the data set")).to_have_value(folder.name)
    expect(page.get_by_text("dropped-digits is complete")).to_be_visible()
    for file in digits.iterdir():
        expect(page.get_by_role("progressbar", name=file.name)).to_be_visible()
    started = page.get_by_role("link", name=re.compile("^dropped-digits-"))
    expect(started).to_be_visible()
    name = started.inner_text()
    expect(started).to_have_attribute("href", f"/executions/{name}")
    arn = next(arn for arn in aws.executions() if arn.endswith(f":{name}"))
    assert aws.end_of(arn)["status"] == "SUCCEEDED"
    expect(page.get_by_text("Succeeded", exact=True)).to_be_visible()
    bucket = f"s3://{aws.deployment.bucket}/raw_data/dropped-digits"
    assert aws.etags(bucket).keys() == {file.name for file in digits.iterdir()}
    for file in digits.iterdir():
        assert aws.object(f"{bucket}/{file.name}") == file.read_bytes()


def test_it_says_what_is_still_missing(page: Page, console: str, aws: Pipeline) -> None:
    before = aws.executions()
    page.goto(f"{console}/start")
    page.get_by_label("Name of the data set").fill("half")
    names = ["train-images-idx3-ubyte.gz", "<img src=x onerror=alert(1)>.gz"]
    drop(page, names)
    expect(page.get_by_text("half is still incomplete: train-labels-idx1-ubyte.gz")).to_be_visible()
    expect(page.get_by_text(names[1])).to_be_visible()  # as text, and not as a picture
    page.reload()
    page.get_by_role("combobox", name="Data set").click()
    expect(page.get_by_role("option").filter(has_text="half")).to_contain_text("incomplete")
    assert aws.executions() == before


@pytest.mark.parametrize(
    ("dataset", "files", "said"),
    [
        ("a/b", ["x.gz"], "Expected 1 to 200 characters on one line, without '/'"),
        ("..", ["x.gz"], "Expected 1 to 200 characters on one line, without '/'"),
        ("", ["x.gz"], "Nothing was uploaded: give the data set a name"),
        ("many", [f"{number}.gz" for number in range(102)], "Found 102 files, expected at most"),
        ("long", ["x" * 101], "is not a valid file name: expected 1 to 100 printable characters"),
    ],
)
def test_what_cannot_be_a_data_set_is_refused(
    page: Page, console: str, dataset: str, files: list[str], said: str
) -> None:
    page.goto(f"{console}/start")
    page.get_by_label("Name of the data set").fill(dataset)
    drop(page, files)
    expect(page.get_by_text(said)).to_be_visible()
    expect(page.get_by_role("progressbar")).to_have_count(0)


def test_the_server_does_not_rely_on_the_page(page: Page, console: str) -> None:
    # Another page, or a program without Origin, may not put anything here.
    for headers in ({"Origin": "http://evil.example"}, {}):
        sent = page.request.put(f"{console}/uploads/digits/x.gz", data=b"x", headers=headers)
        assert sent.status == 403
    own = {"Origin": console}
    for path in ("digits/%00", "%2e%2e/x.gz", f"digits/{'x' * 101}"):
        sent = page.request.put(f"{console}/uploads/{path}", data=b"x", headers=own)
        assert sent.status in (400, 404, 405)


def test_a_read_only_console_changes_nothing(
    page: Page, read_only_console: str, aws: Pipeline, uploaded: str
) -> None:
    before = aws.executions()
    page.goto(f"{read_only_console}/start")
    start = page.get_by_role("button", name="Start")
    expect(start).to_be_disabled()
    expect(start).to_have_attribute("aria-description", READ_ONLY)
    expect(page.get_by_role("button", name="Choose files")).to_be_disabled()
    expect(page.get_by_text(READ_ONLY).first).to_be_visible()
    own = {"Origin": read_only_console}
    sent = page.request.put(f"{read_only_console}/uploads/x/x.gz", data=b"x", headers=own)
    assert (sent.status, sent.text()) == (403, READ_ONLY)
    page.goto(f"{read_only_console}/models/1")
    for name in ("Approve", "Reject"):
        expect(page.get_by_role("button", name=name)).to_be_disabled()
    assert aws.executions() == before


def drop(page: Page, names: list[str]) -> None:
    """Drop files of these names, with little in them."""
    zone = page.locator(".drop-zone").element_handle()
    page.evaluate(DROP, [zone, [[name, "aGVsbG8="] for name in names]])
