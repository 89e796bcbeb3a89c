"""The gate, on whatever bytes evaluation.json holds: a decision, strict JSON, and a safe page."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lambdas.check_metrics import check_metrics
from lambdas.report.report import DECISION_MARK, OPENING, RUN_MARK
from tests.fakes.s3 import FakeS3
from tests.fuzz import hostile
from tests.fuzz.cases import fuzzed
from tests.support.paths import EVENTS
from tests.unit.lambdas.evaluations import CHAMPION, against, evaluation

BUCKET = "retrain-dev-123456789012-us-east-1"
RUN = "runs/fashion-mnist-0123456789ab"
EVENT = json.loads((EVENTS / "check_metrics.json").read_text())
GATE = EVENT["gate"] | {
    "per_class": {"min_recall": 0.5, "min_precision": 0.5, "classes": {"2": {"min_recall": 0.1}}},
    "limits": {"max_latency_ms": 50.0, "max_model_size_mb": 20.0},
}
LARGEST_STATE = 262_144  # characters, of Step Functions
PLAN = {
    "requested_by": "somebody",
    "reason": "to see",
    "trigger": "console",
    "started_at": "2026-02-07T11:42:29.102Z",
}
# What comes into the run's state from outside: names, reasons, keys.
HOSTILE_PARTS = ("name", "s3_uri", "key", "version_id", "etag", "reason", "requested_by")


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    """CheckMetrics' payload, with hostile text where text comes from outside."""
    event = json.loads(json.dumps(EVENT | {"gate": GATE}))
    run = event["run"]
    run["dataset"]["name"] = draw(hostile.texts)
    run["dataset"]["objects"][0]["key"] = draw(hostile.texts)
    name = draw(st.sampled_from(sorted(run["hyperparameters"])))
    run["hyperparameters"][name] = draw(hostile.texts)
    run["champion"]["model_package_arn"] = draw(st.sampled_from([None, CHAMPION]))
    if draw(st.integers(0, 5)) == 0:
        event["gate"] = draw(hostile.changed(GATE).filter(_is_json))
    return event


SCORED = evaluation(champion=against(), model={"sha256": "0" * 64, "size_bytes": 5})
contents = hostile.documents(SCORED) | hostile.documents(evaluation())


@fuzzed
@given(event=events(), content=contents, plan=hostile.documents(PLAN), page=st.data())
def test_a_decision(event: dict, content: bytes, plan: bytes, page: st.DataObject) -> None:
    s3 = FakeS3(BUCKET)
    s3.upload(BUCKET, f"{RUN}/evaluation/evaluation.json", content)
    s3.upload(BUCKET, f"{RUN}/run.json", plan)
    whole = f"{OPENING}</head><body>{DECISION_MARK}{RUN_MARK}</body></html>"
    with_page = page.draw(st.sampled_from([whole.encode(), b"", b"\xff", None]))
    if with_page is not None:
        s3.upload(BUCKET, f"{RUN}/evaluation/report.html", with_page)

    answer = check_metrics(event, s3=s3)

    assert answer["decision"] in {"register", "keep_champion", "reject"}
    assert len(json.dumps(answer, allow_nan=False)) < LARGEST_STATE
    for text in _texts({name: answer[name] for name in ("reason", "rules", "auto_approve")}):
        assert text.isprintable()
    json.loads(s3.content(BUCKET, f"{RUN}/decision.json"))
    report = s3.content(BUCKET, f"{RUN}/report.html").decode("utf-8")
    assert report.startswith(OPENING)
    for markup in ("<script", "<img", "onerror=alert(1)>", "</style><style>"):
        assert markup not in report.removeprefix(OPENING)


def _is_json(value: Any) -> bool:
    """Whether Step Functions could hand it on: there is no infinity in JSON."""
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        return False
    return True


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    return [value] if isinstance(value, str) else []
