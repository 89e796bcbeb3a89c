"""Consoles as tests open them: served by a child process, looked at with headless Chromium."""

import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, sync_playwright

from cli import console, web

PROJECT = Path(__file__).parents[2]
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
# Trainings are real, and this machine may be busy.
RUN_MILLISECONDS = 240_000.0


@contextmanager
def served(config: Path, folder: Path, *, read_only: bool = False) -> Iterator[str]:
    """The address of a console of its own, on the AWS that the environment names."""
    site = console.site(config, folder, "dev", _free_port(), read_only=read_only)
    site = replace(site, log=folder / f"console-{site.port}.log")
    with pytest.MonkeyPatch.context() as environment:
        # By this NiceGUI knows that it is tested, and is another one then.
        environment.delenv("PYTEST_CURRENT_TEST", raising=False)
        server = web.start(site)
    try:
        yield site.address
    finally:
        server.kill_group()


@contextmanager
def chromium() -> Iterator["Browser"]:
    """A browser for several tests."""
    with sync_playwright() as playwright:
        browser = Browser(playwright)
        try:
            yield browser
        finally:
            browser.close()


class Browser:
    """Opens pages, and keeps what they complain of."""

    def __init__(self, playwright: Playwright) -> None:
        self._browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        self.complaints: list[str] = []

    def open(self, address: str, *, phone: bool = False, dark: bool = False) -> Page:
        """A page in a window of its own."""
        context = self._browser.new_context(
            viewport=PHONE if phone else DESK,
            color_scheme="dark" if dark else "light",
            accept_downloads=True,
        )
        page = context.new_page()
        page.on("console", lambda said: self._keep(said.type, said.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(address)
        return page

    def close(self) -> None:
        """Close all of them."""
        self._browser.close()

    def _keep(self, kind: str, text: str) -> None:
        if kind == "error":
            self.complaints.append(text)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((web.HOST, 0))
        port: int = probe.getsockname()[1]
        return port
