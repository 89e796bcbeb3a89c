"""The console's pages, drawn of hostile runs: they can be sent to a browser, whatever the runs say.

NiceGUI sends JSON by orjson, which takes no integer of more than 64 bits and no half of a surrogate
pair: a page with one of them stays blank.
"""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from nicegui import Client, ui
from nicegui.json import dumps
from nicegui.page import page

from console.executions.changes import inputs
from console.executions.job_log import JobLog
from console.executions.listing import Executions
from console.executions.reader import Reader
from console.executions.table import Filter, view
from console.models.registry import Detail, Pairing, Registry
from console.pages import executions as executions_page
from console.pages.execution import buttons
from console.pages.execution.decision import GateView, ReportView
from console.pages.execution.graph import preformatted
from console.pages.execution.header import HeaderView
from console.pages.execution.state import StateView
from console.pages.execution.timeline import TimelineView
from console.pages.execution.training import CurvesView, LogView
from console.pages.models import comparison, detail
from console.pages.models import page as models_page
from console.pages.parts import tables
from lambdas.gate.verdicts import REJECTED_ERROR
from operations.executions.training_log import TrainingLog
from operations.executions.view import Work
from operations.models.comparison import compare
from operations.models.version import ModelVersion
from tests.fakes.console import MACHINE, FakeExecutions, FakeLogs, arn_of
from tests.fakes.histories import History
from tests.fakes.s3 import FakeS3
from tests.fakes.terminal import FakeLogs as Lines
from tests.fuzz import hostile, run_files
from tests.fuzz.cases import fuzzed, fuzzed_less
from tests.fuzz.test_run_files import BUCKET, LINES, WELL, a_version, versions

EXECUTION = "digits-1"
JOB = Work("job", "/aws/sagemaker/TrainingJobs", is_job=True)
ACCOUNT: Any = SimpleNamespace(read_only=False)
LIVE: Any = SimpleNamespace(refresh=None)


def drawn(draw: Callable[[], object]) -> str:
    """What the browser is sent of the elements that `draw` makes."""
    with Client(page(""), request=None) as client:
        draw()
        sent = dumps([element._to_dict() for element in client.elements.values()])
    del Client.instances[client.id]
    return str(sent)


@fuzzed
@given(
    asked=run_files.as_json(hostile.values),
    output=run_files.as_json(run_files.decisions.map(lambda gate: {"quality_gate": gate})),
    decision=hostile.documents(run_files.DECISION),
)
def test_the_list_of_executions(asked: str, output: str, decision: bytes) -> None:
    states, s3 = FakeExecutions(), FakeS3(BUCKET)
    states.add("well", output=json.dumps({"quality_gate": run_files.DECISION}))
    states.add("hostile", input=asked, output=output)
    states.add("rejected", "FAILED", error=REJECTED_ERROR, input=asked)
    s3.upload(BUCKET, "runs/rejected/decision.json", decision)
    seen = view(Executions(states, s3, MACHINE, BUCKET), Filter(), 1)  # type: ignore[arg-type]
    cells = [executions_page._cells(row) for row in seen.rows]
    assert [cell["name"] for cell in cells] == ["rejected", "hostile", "well"]
    assert cells[2]["accuracy"] == "0.9722"
    dumps(cells)


def history(prepared: str, judged: str, job: str, cause: str) -> History:
    return (
        History()
        .function("PrepareRun", "retrain-dev-prepare_run", json.loads(prepared))
        .enter("Train")
        .schedule({"TrainingJobName": job})
        .succeed({"ModelArtifacts": json.loads(judged)}, 1.0)
        .leave("Train")
        .function("CheckMetrics", "retrain-dev-check_metrics", json.loads(judged))
        .enter("Rejected")
        .schedule({"FunctionName": json.loads(judged)})
        .fail(cause, json.dumps({"errorMessage": cause}), 1.0)
    )


histories = st.builds(
    history,
    run_files.plans.map(json.dumps),
    run_files.decisions.map(json.dumps),
    hostile.texts.filter(bool) | hostile.values.filter(bool),
    hostile.texts,
)


@fuzzed_less
@given(
    told=histories,
    asked=run_files.as_json(hostile.values),
    lines=st.lists(LINES | hostile.texts.filter(bool), max_size=4),
)
def test_the_page_of_an_execution(told: History, asked: str, lines: list[str]) -> None:
    states = FakeExecutions()
    cause = told.events[-1]["taskFailedEventDetails"]["cause"]
    states.add(EXECUTION, "FAILED", error="E", cause=cause, input=asked)
    states.events = told.events
    reader = Reader(states, FakeLogs(), arn_of(EXECUTION))  # type: ignore[arg-type]
    found = reader.read()
    epochs = TrainingLog(Lines({"job/a": lines}), "job").epochs()  # type: ignore[arg-type]
    log = JobLog(FakeLogs(job__a=lines), JOB).tail()  # type: ignore[arg-type]

    def draw() -> None:
        HeaderView(EXECUTION).show(found)
        GateView().show(found.run)
        ReportView("/report").show(found.run)
        for visit in reader.visits().all:
            StateView().show(visit.name, reader.visits().of(visit.name))
        TimelineView().show(found.timeline)
        CurvesView().show(tuple(epochs))
        LogView(tuple).show("job", log, more=False)
        for event in reader.events(0, 100):
            preformatted(json.dumps(event, default=str, ensure_ascii=False))
        ui.label(buttons._in_words(inputs(found)))

    assert EXECUTION in drawn(draw)
    assert found.view.states[0].name == "PrepareRun"


@fuzzed_less
@given(found=versions)
def test_the_pages_of_models(found: tuple[ModelVersion, FakeS3]) -> None:
    (other, s3), (one, _) = found, a_version(**WELL)
    known = Registry("digits", (other.entry.version, one.entry.version))
    compared = compare(one, other, 0.95, s3, Path("none"))  # type: ignore[arg-type]

    def draw() -> None:
        tables.table(
            "Versions", ("",) * 7, [models_page._row(each.entry, None) for each in (one, other)]
        )
        shown = detail.Detail(ACCOUNT)
        shown.live = LIVE
        shown.show(Detail(known, other))
        comparison._show(Pairing(one, other, compared))

    assert "0.9000" in drawn(draw)
