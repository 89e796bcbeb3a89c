"""The two presenters, fed with the moments of a run."""

from datetime import timedelta

from rich.console import Console

from cli.shown import progress
from cli.shown.progress import LivePresenter, PlainPresenter
from lambdas.gate.verdicts import REJECTED_ERROR
from operations.executions import view as execution
from operations.executions.training_log import Epoch
from operations.executions.view import ExecutionView
from tests.fakes.histories import (
    DESCRIPTION,
    EARLIER,
    START,
    failed_training,
    registered,
    rejected,
    reused,
)
from tests.fakes.terminal import PlainTerminal

EPOCHS = [
    Epoch(1, 3, {"loss": 0.5, "accuracy": 0.8, "seconds": 2.0}),
    Epoch(2, 3, {"loss": 0.4, "accuracy": 0.9, "seconds": 2.0}),
]
# Up to the training job's start: see histories.until_the_gate.
TRAINING = 15


def clock():  # type: ignore[no-untyped-def]
    return START + timedelta(seconds=12.34)


def moment(known: int | None = None, status: str = "RUNNING") -> ExecutionView:
    return execution.read({**DESCRIPTION, "status": status}, registered().events[:known])


def rendered(presenter: LivePresenter) -> str:
    console = Console(width=100)
    with console.capture() as capture:
        console.print(presenter.render())
    return capture.get()


def test_plain_lines_tell_each_change_once(terminal: PlainTerminal) -> None:
    presenter = PlainPresenter(terminal, clock)
    for view in (moment(0), moment(4), moment(4), moment(TRAINING), moment(TRAINING)):
        presenter.show(view, [])
    assert terminal.lines() == [
        "[   0.0 s] PrepareRun running (retrain-dev-prepare_run)",
        "[   0.5 s] PrepareRun succeeded (0.5 s)",
        "[   4.5 s] Preprocess succeeded (4.0 s)",
        "[   4.5 s] Train running (digits-0123456789ab-train-0-0)",
    ]


def test_plain_lines_tell_of_steps_that_were_taken_over(terminal: PlainTerminal) -> None:
    presenter = PlainPresenter(terminal, clock)
    view = execution.read({**DESCRIPTION, "status": "RUNNING"}, reused().events)
    presenter.show(view, [])
    presenter.show(view, [])
    assert terminal.lines()[1:5] == [
        f"[   0.5 s] Preprocess reused from run {EARLIER}",
        f"[   0.5 s] Train reused from run {EARLIER}",
        "[   0.5 s] Prepared",
        "[   5.5 s] Evaluate succeeded (5.0 s)",
    ]


def test_a_live_view_marks_steps_that_were_taken_over(terminal: PlainTerminal) -> None:
    presenter = LivePresenter(terminal, ["PrepareRun", "Preprocess", "Train", "Evaluate"], clock)
    presenter.show(execution.read({**DESCRIPTION, "status": "RUNNING"}, reused().events[:6]), [])
    told = [line.split() for line in rendered(presenter).splitlines() if EARLIER in line]
    assert [line[:2] for line in told] == [["✓", "Preprocess"], ["✓", "Train"]]


def test_plain_epochs_come_once_and_before_the_end_of_the_job(terminal: PlainTerminal) -> None:
    presenter = PlainPresenter(terminal, clock)
    presenter.show(moment(TRAINING), EPOCHS[:1])
    presenter.show(moment(None, "SUCCEEDED"), EPOCHS)
    told = [line.split("] ")[1] for line in terminal.lines() if "Train" in line]
    assert told == [
        "Train running (digits-0123456789ab-train-0-0)",
        "Train epoch 1/3  loss 0.5000  accuracy 0.8000  2.0 s",
        "Train epoch 2/3  loss 0.4000  accuracy 0.9000  2.0 s",
        "Train succeeded (9.5 s)",
    ]


def test_a_plain_state_that_is_no_task_is_only_named(terminal: PlainTerminal) -> None:
    presenter = PlainPresenter(terminal, clock)
    presenter.show(moment(None, "SUCCEEDED"), [])
    assert terminal.lines()[-3:] == [
        "[  19.5 s] QualityGate",
        "[  19.8 s] RegisterModel succeeded (0.2 s)",
        "[  19.8 s] Registered",
    ]


def test_plain_lines_name_another_attempt(terminal: PlainTerminal) -> None:
    events = failed_training().events
    presenter = PlainPresenter(terminal, clock)
    running = execution.read({**DESCRIPTION, "status": "RUNNING"}, events[:-2])
    presenter.show(running, [])
    presenter.show(execution.read({**DESCRIPTION, "status": "FAILED"}, events), [])
    assert "Train running, attempt 2 (digits-0123456789ab-train-1-0)" in terminal.written()
    assert "[   3.5 s] Train failed (3.0 s)" in terminal.written()


def test_plain_lines_of_a_redriven_run_go_on_where_it_failed(terminal: PlainTerminal) -> None:
    history = failed_training().add("ExecutionRedriven", after=60)
    history.schedule({"TrainingJobName": "digits-0123456789ab-train-0-1"})
    presenter = PlainPresenter(terminal, clock)
    presenter.show(execution.read({**DESCRIPTION, "status": "RUNNING"}, history.events), [])
    history.succeed({}, after=5).leave("Train")
    presenter.show(execution.read({**DESCRIPTION, "status": "RUNNING"}, history.events), [])
    assert terminal.lines() == [
        "[   0.5 s] PrepareRun succeeded (0.5 s)",
        "[   3.5 s] Train running, attempt 3 (digits-0123456789ab-train-0-1)",
        "[   8.5 s] Train succeeded (5.0 s)",
    ]


def test_the_live_picture_has_marks_seconds_and_what_is_to_come() -> None:
    presenter = LivePresenter(PlainTerminal(animated=True), ["Train", "Evaluate"], clock)
    assert rendered(presenter).strip() == ""
    presenter.show(moment(TRAINING), EPOCHS)
    lines = rendered(presenter).splitlines()
    text = "\n".join(lines)
    assert "digits-0123456789ab  RUNNING  12 s" in text
    assert any(line.startswith("✓ Preprocess") and "4.0 s" in line for line in lines)
    assert any("Train" in line and "━" in line and "epoch 2/3" in line for line in lines)
    assert "loss 0.4000  accuracy 0.9000" in text
    assert any(line.startswith("· Evaluate") for line in lines)


def test_the_live_picture_of_an_ended_run_awaits_nothing() -> None:
    presenter = LivePresenter(PlainTerminal(animated=True), ["Train", "Never"], clock)
    presenter.show(moment(None, "SUCCEEDED"), EPOCHS)
    assert "Never" not in rendered(presenter)
    assert "✓ Registered" in rendered(presenter)


def test_the_live_picture_shows_a_failure_where_it_happened() -> None:
    presenter = LivePresenter(PlainTerminal(animated=True), [], clock)
    events = rejected().events
    error = {"error": REJECTED_ERROR}
    presenter.show(execution.read({**DESCRIPTION, **error, "status": "FAILED"}, events), [])
    assert any(
        line.startswith("✗ Rejected") and REJECTED_ERROR in line
        for line in rendered(presenter).splitlines()
    )


def test_what_is_not_a_terminal_gets_plain_lines(terminal: PlainTerminal) -> None:
    assert isinstance(progress.presenter(terminal, []), PlainPresenter)
    animated = PlainTerminal(animated=True)
    with progress.presenter(animated, []) as presenter:
        assert isinstance(presenter, LivePresenter)
        presenter.show(moment(TRAINING), EPOCHS)
    assert "Preprocess" in animated.written()
