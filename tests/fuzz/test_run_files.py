"""What a run has written, read: whatever it is, checked fields and lines on the rest."""

import dataclasses
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cli.shown import models, summary
from lambdas.gate.metrics import LARGEST
from operations.errors import RetrainError
from operations.executions import record
from operations.executions import view as execution
from operations.executions.training_log import TrainingLog
from operations.models import registry
from operations.models import version as model_version
from operations.models.comparison import compare
from operations.models.version import ModelVersion
from operations.run_files import decision, evaluation, plan
from tests.fakes.histories import DESCRIPTION, History
from tests.fakes.s3 import FakeS3
from tests.fakes.sagemaker import FakeSageMaker
from tests.fakes.terminal import FakeLogs, PlainTerminal
from tests.fuzz import hostile, run_files
from tests.fuzz.cases import fuzzed, fuzzed_less

BUCKET = "bucket"
RUN = f"s3://{BUCKET}/runs/digits-1"


def _values(found: Any) -> Iterator[Any]:
    """Yield every text and number in a value of dataclasses, dicts and sequences."""
    if dataclasses.is_dataclass(found):
        yield from _values([getattr(found, field.name) for field in dataclasses.fields(found)])
    elif isinstance(found, dict):
        yield from _values([*found, *found.values()])
    elif isinstance(found, tuple | list | frozenset):
        for each in found:
            yield from _values(each)
    else:
        yield found


def assert_checked(*found: Any) -> None:
    """Every text can be shown, and every number is one that JSON and a screen can have."""
    for value in _values(found):
        if isinstance(value, str):
            assert value.isprintable(), ascii(value)
        elif isinstance(value, int | float):
            assert -LARGEST <= value <= LARGEST


READERS: dict[str, tuple[Callable[[Any, list[str]], Any], st.SearchStrategy[Any]]] = {
    "plan": (plan.read, run_files.plans),
    "decision": (decision.read, run_files.decisions),
    "evaluation": (evaluation.read, run_files.evaluations),
}


@fuzzed
@given(kind=st.sampled_from(sorted(READERS)), data=st.data())
def test_a_file(kind: str, data: st.DataObject) -> None:
    read, contents = READERS[kind]
    problems: list[str] = []
    assert_checked(read(data.draw(contents), problems), problems)
    assert len(problems) <= 6
    assert all(len(problem) < 500 for problem in problems)


def test_what_the_product_writes_is_read_whole() -> None:
    problems: list[str] = []
    plan.read(run_files.PLAN, problems)
    found = decision.read(run_files.DECISION, problems)
    evaluated = evaluation.read(run_files.EVALUATION, problems)
    assert problems == []
    assert len(found.approval_rules) == 1
    assert evaluated.metrics
    assert evaluated.scores


def quality_at(uri: str) -> dict[str, Any]:
    """How the registry names an evaluation."""
    return {"ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": uri}}}


def a_version(
    plan: bytes, decision: bytes, evaluation: bytes, properties: dict[str, str], model: str
) -> tuple[ModelVersion, FakeS3]:
    """A version whose run has left these files."""
    s3, sagemaker = FakeS3(BUCKET), FakeSageMaker("digits")
    sagemaker.register("digits", f"{RUN}/model.tar.gz")
    quality = quality_at(f"{RUN}/evaluation/evaluation.json")
    sagemaker.groups["digits"][0].update(
        CustomerMetadataProperties=properties, ApprovalDescription=model, ModelMetrics=quality
    )
    for name, content in (
        ("run.json", plan),
        ("decision.json", decision),
        ("evaluation/evaluation.json", evaluation),
    ):
        s3.upload(BUCKET, f"runs/digits-1/{name}", content)
    (version,) = registry.versions(sagemaker, "digits")  # type: ignore[arg-type]
    return model_version.read(sagemaker, s3, version), s3  # type: ignore[arg-type]


WELL = {
    "plan": json.dumps(run_files.PLAN).encode(),
    "decision": json.dumps(run_files.DECISION).encode(),
    "evaluation": json.dumps(run_files.EVALUATION).encode(),
    "properties": {"metric.accuracy": "0.9", "decision": "register"},
    "model": "approved by hand",
}
# One thing is hostile at a time: what is well shows that the rest is shown all the same.
versions = st.one_of(
    hostile.documents(run_files.PLAN).map(lambda plan: {"plan": plan}),
    hostile.documents(run_files.DECISION).map(lambda decision: {"decision": decision}),
    hostile.documents(run_files.EVALUATION).map(lambda evaluation: {"evaluation": evaluation}),
    st.dictionaries(
        st.sampled_from(["metric.accuracy", "decision", "dataset", "hyperparameter.x", "a\x1b"]),
        hostile.texts.filter(bool) | hostile.numbers.map(repr),
        max_size=3,
    ).map(lambda properties: {"properties": properties}),
    hostile.texts.map(lambda text: {"model": text}),
).map(lambda wrong: a_version(**(WELL | wrong)))


@fuzzed_less
@given(found=versions)
def test_a_version_on_the_terminal(found: tuple[ModelVersion, FakeS3]) -> None:
    model, _ = found
    assert_checked(model)
    terminal = PlainTerminal()
    models.show_list([model.entry], model.entry.version, terminal)
    models.show_version(model, None, None, terminal)
    assert all(c.isprintable() or c == "\n" for c in terminal.written())
    json.dumps(model.as_json(champion=True), allow_nan=False)


@fuzzed_less
@given(found=versions)
def test_two_versions(found: tuple[ModelVersion, FakeS3]) -> None:
    (other, s3), (one, _) = found, a_version(**WELL)
    compared = compare(one, other, 0.95, s3, Path("none"))  # type: ignore[arg-type]
    terminal = PlainTerminal()
    models.show_comparison(one.entry.version, other.entry.version, compared, terminal)
    json.dumps(compared.as_json(), allow_nan=False)


histories = st.builds(
    lambda prepared, judged, trained: (
        History()
        .function("PrepareRun", "retrain-dev-prepare_run", json.loads(prepared))
        .job("Train", {"TrainingJobName": "t"}, 1.0, **{"ModelArtifacts": json.loads(trained)})
        .function("CheckMetrics", "retrain-dev-check_metrics", json.loads(judged))
        .enter("Rejected", "Fail")
    ),
    run_files.plans.map(json.dumps),
    run_files.decisions.map(json.dumps),
    hostile.values.map(json.dumps),
)


@fuzzed
@given(history=histories)
def test_the_end_of_a_run(history: History) -> None:
    view = execution.read({**DESCRIPTION, "status": "SUCCEEDED"}, history.events)
    found = record.record(view)
    assert_checked(found)
    terminal = PlainTerminal()
    summary.show(found, terminal)
    json.dumps(dataclasses.asdict(found), allow_nan=False)


HUGE = "1" * 5000
LINES = st.sampled_from(
    [
        f"epoch=1/{'9' * 30}; loss=0.5;",
        f"epoch={HUGE}",
        f"epoch={HUGE}/{HUGE}; loss={HUGE};",
        "epoch=0/0; loss=1e308; seconds=-1e308;",
        "epoch=²/3; loss=0.5;",
        "epoch=1/2; loss=nan; accuracy=inf; seconds=-inf;",
        f"epoch=1/2; {'a' * 20_000}",
        f"epoch=1/2; {'a=' * 10_000}",
    ]
) | st.builds(
    lambda number, of, figure: f"epoch={number}/{of}; loss={figure}; seconds={figure};",
    hostile.numbers,
    hostile.numbers,
    hostile.numbers | hostile.texts,
)


@fuzzed
@given(lines=st.lists(LINES, max_size=5))
def test_a_training_log(lines: list[str]) -> None:
    epochs = TrainingLog(FakeLogs({"job/algo-1": lines}), "job").epochs()  # type: ignore[arg-type]
    for epoch in epochs:
        assert 0 <= epoch.number < 2**31
        assert 0 <= epoch.of < 2**31
        assert len(str(epoch)) < 500


@fuzzed
@given(accuracy=hostile.numbers.map(repr) | hostile.texts)
def test_an_accuracy_of_the_registry(accuracy: str) -> None:
    version = registry.Version("g", 1, "arn", "Approved", datetime(2026, 1, 1, tzinfo=UTC))
    found = model_version.Entry(version, metadata={"metric.accuracy": accuracy}).accuracy
    assert found is None or abs(found) <= LARGEST


@fuzzed
@given(uri=hostile.texts.map(lambda text: f"s3://{text}") | hostile.texts)
def test_a_place_that_the_registry_names(uri: str) -> None:
    sagemaker = FakeSageMaker("digits")
    sagemaker.register("digits", uri)
    quality = quality_at(f"{uri}/evaluation/evaluation.json")
    sagemaker.groups["digits"][0].update(ModelMetrics=quality)
    (version,) = registry.versions(sagemaker, "digits")  # type: ignore[arg-type]
    try:
        assert_checked(model_version.read(sagemaker, FakeS3(BUCKET), version))  # type: ignore[arg-type]
    except RetrainError as error:
        assert str(error).isprintable()
