"""Histories recorded from real executions: the embedded AWS ran them, boto3 read them.

Left out are the inputs and outputs of states, which repeat what the tasks' events hold.
"""

import json
from datetime import datetime
from pathlib import Path

import pytest

from cli.shown import summary
from operations.executions import record, view
from operations.executions.record import RunRecord
from tests.fakes.terminal import PlainTerminal

RECORDED = Path(__file__).parent / "recorded"


def with_times(item: dict) -> dict:  # type: ignore[type-arg]
    """Times as boto3 gives them."""
    times = {"timestamp", "startDate", "stopDate"} & item.keys()
    return {**item, **{key: datetime.fromisoformat(item[key]) for key in times}}


def recorded(name: str) -> RunRecord:
    content = json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))
    events = [with_times(event) for event in content["events"]]
    return record.record(view.read(with_times(content["description"]), events))


def test_a_recorded_rejection() -> None:
    run = recorded("rejected")
    assert run.decided
    assert (run.status, run.decision) == ("FAILED", "reject")
    assert run.reason == "loss 1.757 > 0.600 allowed"
    assert [rule.held for rule in run.rules] == [True, False]
    assert run.metrics["accuracy"] == pytest.approx(0.8917, abs=1e-4)
    assert run.model is not None
    assert run.model.endswith("/output/model.tar.gz")
    steps = [step.name for step in run.steps]
    assert steps == ["PrepareRun", "Preprocess", "Train", "Evaluate", "CheckMetrics"]
    assert sum(step.seconds for step in run.steps) == pytest.approx(run.execution_seconds, abs=0.5)


def test_a_recorded_failure_of_a_lambda(terminal: PlainTerminal) -> None:
    run = recorded("failed")
    assert not run.decided
    summary.show(run, terminal)
    assert "✗ FAILED in PrepareRun: InvalidInputError" in terminal.lines()
    assert '  hyperparameters.epochs: found "many", expected integer (a whole number)' in (
        terminal.lines()
    )
    assert "  Log: aws logs tail /aws/lambda/retrain-dev-prepare_run" in terminal.lines()
