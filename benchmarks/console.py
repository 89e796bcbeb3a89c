"""How soon the console's pages of executions are there, in headless Chromium.

`make bench-console` deploys to an embedded AWS, lets it run 1,000 executions and one that has a
history of 25,000 events, both of a definition that does no work, and opens each page a few times:
from the request until the newest rows or the states stand there. It needs Chromium. The first
opening is that of a console which has just been started.
"""

import json
import re
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import boto3
import typer
from playwright.sync_api import Browser, Page, expect, sync_playwright

from cli.served import site as web
from cli.served.console import free_port, site
from cli.served.demo import STAGE, sample_config
from local_aws.client import EmbeddedAws
from local_aws.shell import applied
from operations.stage import stage_of
from state_machine.config import load
from state_machine.deployment.stage import deploy

EXECUTIONS = 1_000
EVENTS = 25_000
OPENINGS = 7
TURN_EVENTS = 8  # of one round in the long history
MOST_SECONDS = 2.0
SLOWEST_SECONDS = 60.0
PATIENCE = 1800.0
# What a run has in its output, so that the table has all of its columns to fill.
OUTPUT = {
    "dataset": {"name": "digits"},
    "quality_gate": {"decision": "register", "metrics": {"accuracy": 0.97}},
}
QUICK = {
    "StartAt": "PrepareRun",
    "States": {
        "PrepareRun": {"Type": "Pass", "Result": OUTPUT, "Next": "Registered"},
        "Registered": {"Type": "Succeed"},
    },
}


def long_definition(rounds: int) -> dict[str, Any]:
    """States that go round so often, as an execution does that waits for its turn."""
    more = {"Variable": "$.round", "NumericLessThan": rounds, "Next": "WaitForTurn"}
    return {
        "StartAt": "Begin",
        "States": {
            "Begin": {"Type": "Pass", "Result": {"round": 0}, "Next": "TakeTurn"},
            "TakeTurn": {
                "Type": "Pass",
                "Parameters": {"round.$": "States.MathAdd($.round, 1)"},
                "Next": "Turn",
            },
            "Turn": {"Type": "Choice", "Choices": [more], "Default": "PrepareRun"},
            "WaitForTurn": {"Type": "Pass", "Next": "Again"},
            "Again": {"Type": "Pass", "Next": "TakeTurn"},
            "PrepareRun": {"Type": "Pass", "Next": "Registered"},
            "Registered": {"Type": "Succeed"},
        },
    }


@dataclass(frozen=True)
class Measured:
    """Seconds until a page's content was there: the first time, and the median of all."""

    what: str
    first: float
    median: float
    worst: float

    def __str__(self) -> str:
        """One line of the result."""
        return (
            f"{self.what}: first {self.first:.2f} s, median {self.median:.2f} s, "
            f"worst {self.worst:.2f} s of {OPENINGS}"
        )


class Filled:
    """A stage on an embedded AWS, filled with executions."""

    def __init__(self, config: Path) -> None:
        project = config.resolve().parent
        settings = sample_config(load(config))
        session = boto3.Session()
        deploy(settings, stage=STAGE, session=session, project=project, progress=lambda _: None)
        self.stage = stage_of(settings, STAGE, session, project)
        self._states = self.stage.client("stepfunctions")
        self._machine = self.stage.names.state_machine_arn

    def long_one(self, events: int) -> str:
        """Let an execution run that has so many events, or a few more; return its name."""
        self._become(long_definition(events // TURN_EVENTS))
        name = "long"
        self._start(name)
        self._await_ends()
        return name

    def many(self, count: int) -> None:
        """Let so many short executions run."""
        self._become(QUICK)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda number: self._start(f"digits-{number:04d}"), range(count)))
        self._await_ends()

    def _become(self, definition: dict[str, Any]) -> None:
        self._states.update_state_machine(
            stateMachineArn=self._machine, definition=json.dumps(definition)
        )

    def _start(self, name: str) -> None:
        asked = {"dataset": "digits", "requested_by": "bench", "reason": f"number {name}"}
        self._states.start_execution(
            stateMachineArn=self._machine, name=name, input=json.dumps(asked)
        )

    def _await_ends(self) -> None:
        deadline = time.monotonic() + PATIENCE
        running = {"stateMachineArn": self._machine, "statusFilter": "RUNNING"}
        while self._states.list_executions(**running)["executions"]:
            if time.monotonic() > deadline:
                raise TimeoutError("the executions do not end")
            time.sleep(0.5)


def opened(browser: Browser, what: str, address: str, seen: Callable[[Page], None]) -> Measured:
    """Open the page in a new browser context each time, and wait until its content is there."""
    took = []
    for _ in range(OPENINGS):
        with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
            page = context.new_page()
            began = time.monotonic()
            page.goto(address, wait_until="commit")
            seen(page)
            took.append(time.monotonic() - began)
    return Measured(what, took[0], statistics.median(took), max(took))


def _table(page: Page) -> None:
    expect(page.get_by_text(re.compile(r"^[\d,]+ executions$"))).to_be_visible()
    expect(page.locator("tbody tr")).to_have_count(25)
    expect(page.locator("tbody tr").first).to_contain_text("bench")


def _states(page: Page) -> None:
    label = re.compile("State Registered: Succeeded")
    expect(page.get_by_role("button", name=label)).to_be_visible()
    expect(page.get_by_role("list", name="Timeline of the states")).to_contain_text("Registered")


@contextmanager
def _console(config: Path, folder: Path) -> Iterator[str]:
    served = site(config, folder, STAGE, free_port(), read_only=True)
    server = web.start(served)
    try:
        yield served.address
    finally:
        server.kill_group()


def main(
    config: Annotated[Path, typer.Option()] = Path("pipeline.toml"),
    executions: Annotated[int, typer.Option()] = EXECUTIONS,
    events: Annotated[int, typer.Option()] = EVENTS,
) -> None:
    """Measure, print, and exit with 1 where a median is above two seconds."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    with (
        tempfile.TemporaryDirectory() as folder,
        EmbeddedAws(Path(folder, "aws")) as aws,
        applied(aws.environment()),
    ):
        measured = _measure(config, Path(folder), program, executions, events)
    for each in measured:
        typer.echo(str(each))
    if any(each.median > MOST_SECONDS for each in measured):
        raise typer.Exit(1)


def _measure(
    config: Path, folder: Path, program: str | None, executions: int, events: int
) -> list[Measured]:
    filled = Filled(config)
    typer.echo(f"An execution of {events:,} events ...")
    long_name = filled.long_one(events)
    typer.echo(f"{executions:,} executions ...")
    filled.many(executions)
    expect.set_options(timeout=1000 * SLOWEST_SECONDS)
    with sync_playwright() as playwright, _console(config, folder) as address:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        found = [
            opened(browser, f"{executions:,} executions", address, _table),
            opened(
                browser,
                f"an execution of {events:,} events",
                f"{address}/executions/{long_name}",
                _states,
            ),
        ]
        browser.close()
    return found


if __name__ == "__main__":
    typer.run(main)
