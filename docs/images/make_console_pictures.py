"""Make the README's pictures of the console, from two real runs on scikit-learn's digits.

    make pictures

Needs Chromium. Two minutes: the sample is deployed to an embedded AWS of this script's own.
"""

import json
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import boto3
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from cli.served import site as web
from cli.served.console import site
from cli.served.demo import sample_config
from cli.shown.terminal import Terminal
from local_aws.client import EmbeddedAws
from local_aws.shell import applied
from operations.data_sets import digits
from operations.data_sets.upload import upload
from operations.executions import start as starting
from operations.executions.observer import new_execution
from operations.stage import Stage, stage_of
from state_machine.config import load
from state_machine.deployment.stage import deploy

PROJECT = Path(__file__).resolve().parents[2]
CONFIG = PROJECT / "pipeline.toml"
FOLDER = Path(__file__).parent
WIDTH = 1280  # pixels; the heights are where a card ends
EXECUTION_HEIGHT, COMPARISON_HEIGHT = 2185, 1310
COLOURS = 256
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE_SECONDS = 300.0


def main() -> None:
    """Write the pictures."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.exit("error: found no Chromium, expected one of " + ", ".join(BROWSERS))
    with (
        tempfile.TemporaryDirectory() as scratch,
        EmbeddedAws(Path(scratch, "aws")) as aws,
        applied(aws.environment()),
    ):
        name = two_runs(Path(scratch))
        with served(Path(scratch)) as address, sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
            page = chromium.new_page()
            take(page, address, name)
            chromium.close()


def take(page: Page, address: str, execution: str) -> None:
    """Take both pictures: of the execution, and of versions 1 and 2."""
    page.set_viewport_size({"width": WIDTH, "height": EXECUTION_HEIGHT})
    page.goto(f"{address}/executions/{execution}")
    page.get_by_role("button", name="State Train: ").click()
    page.get_by_text("Epoch 6 of 6").wait_for()
    picture(page, "console-execution.png")
    page.set_viewport_size({"width": WIDTH, "height": COMPARISON_HEIGHT})
    page.goto(f"{address}/models/compare?first=1&second=2")
    page.get_by_text("paired bootstrap").wait_for()
    picture(page, "console-models.png")


def two_runs(scratch: Path) -> str:
    """Deploy, and train twice; return the name of the first execution."""
    settings = sample_config(load(CONFIG))
    stage = stage_of(settings, "dev", boto3.Session(), PROJECT)
    terminal = Terminal()
    with terminal.step("Deployment"):
        deploy(
            settings,
            stage="dev",
            session=stage.session,
            project=PROJECT,
            progress=lambda _: None,
        )
    with terminal.step("Two runs") as step:
        upload(stage, digits.write(scratch / "digits"), digits.NAME, step)
        states = stage.client("stepfunctions")
        arn = new_execution(states, stage.names.state_machine_arn, (), PATIENCE_SECONDS)
        if arn is None:
            sys.exit("error: the upload started no execution")
        ended(stage, arn)
        again = {"hyperparameters": {"epochs": 2}, "reason": "with fewer epochs"}
        functions = stage.session.client("lambda", config=starting.ONCE)
        answer = starting.start(functions, stage.names.function("start_retraining"), again)
        ended(stage, answer.execution_arn)
    return arn.rsplit(":", 1)[-1]


def ended(stage: Stage, arn: str) -> None:
    """Wait for the end of an execution."""
    states = stage.client("stepfunctions")
    while (found := states.describe_execution(executionArn=arn))["status"] == "RUNNING":
        time.sleep(1)
    if found["status"] != "SUCCEEDED":
        sys.exit(f"error: {json.dumps(found, default=str)}")


@contextmanager
def served(scratch: Path) -> Iterator[str]:
    """The address of a console."""
    with socket.socket() as probe:
        probe.bind((web.HOST, 0))
        port = probe.getsockname()[1]
    console = site(CONFIG, PROJECT, "dev", port, read_only=False)
    server = web.start(replace(console, log=scratch / "console.log"))
    try:
        yield console.address
    finally:
        server.kill_group()


def picture(page: Page, name: str) -> None:
    """Write what is seen now, with few colours."""
    page.evaluate("document.fonts.ready")
    page.wait_for_timeout(1500)  # until charts have drawn themselves
    target = FOLDER / name
    page.screenshot(path=target)
    Image.open(target).convert("RGB").quantize(COLOURS).save(target, optimize=True)
    print(f"{target}: {target.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
