"""Headless Chromium, Debian's or Chrome, which Playwright drives."""

import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """One for all: a second one in the same thread is refused."""
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Callable[..., Browser]:
    """Return a function that launches a Chromium with more arguments."""
    program = shutil.which("chromium") or shutil.which("google-chrome")

    def launch(*arguments: str) -> Browser:
        return playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", *arguments]
        )

    return launch
