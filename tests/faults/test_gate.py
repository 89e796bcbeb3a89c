"""An evaluation or a threshold that cannot be judged: the gate stays closed and says why."""

import json
import math
import random
from pathlib import Path
from typing import Any

import pytest

from state_machine import config
from state_machine.errors import ConfigError
from tests.e2e.pipeline import Pipeline
from tests.faults.light import doing_nothing, upload
from tests.functional.sagemaker_requests import unique
from tests.support.paths import PROJECT
from tests.unit.lambdas.evaluations import BLOCK, SAMPLES, evaluation

EVENT = PROJECT / "tests" / "events" / "check_metrics.json"
WHOLE = json.dumps(evaluation(0.9)).encode()
BROKEN = {
    "not a number": (
        WHOLE.replace(b'"value": 0.9,', b'"value": NaN,'),
        "NaN is not JSON",
    ),
    "missing": (None, "is missing: the evaluation wrote nothing"),
    "malformed": (WHOLE[:-1], "malformed: Expecting"),
    "huge": (WHOLE + b" " * 10_000_000, "larger than 5242880 bytes"),
    "not UTF-8": (WHOLE.replace(b"accuracy", b"accur\xe4cy"), "malformed: 'utf-8' codec can't"),
}
# What pipeline.toml says instead, and what a definition, which is JSON, could say.
THRESHOLDS = {
    "unparsable": ('value = "high"', {"value": "high"}, "'high'"),
    "NaN": ("value = nan", {"value": "NaN"}, "is nan"),
    "unknown metric": ('metric = "acuracy"', {"metric": "acuracy"}, "'acuracy'"),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_an_evaluation_that_cannot_be_judged_is_rejected_with_the_reason(
    light_pipeline: Pipeline, chance: random.Random, broken: str
) -> None:
    content, said = BROKEN[broken]
    event = _event(light_pipeline)

    answer = _judge(light_pipeline, event, content)

    assert answer["decision"] == "reject"
    assert answer["reason"].startswith(event["evaluation_s3_uri"])
    assert said in answer["reason"]
    written = json.loads(light_pipeline.object(event["run"]["paths"]["decision"]))
    assert (written["decision"], written["reason"]) == ("reject", answer["reason"])


def test_an_execution_whose_evaluation_cannot_be_judged_registers_nothing(
    light_pipeline: Pipeline, digits: Path, chance: random.Random
) -> None:
    fault, dataset = chance.choice(list(BROKEN)), unique("unjudged")
    with doing_nothing(light_pipeline):
        upload(light_pipeline, digits, dataset)
    before = light_pipeline.model_packages()

    arn = light_pipeline.start({"dataset": dataset, "hyperparameters": {"fault": fault}})
    execution = light_pipeline.end_of(arn)

    assert (execution["status"], execution["error"]) == ("FAILED", "QualityGate.ThresholdNotMet")
    assert BROKEN[fault][1] in execution["cause"]
    assert light_pipeline.model_packages() == before


@pytest.mark.parametrize("wrong", THRESHOLDS)
def test_a_threshold_that_cannot_be_applied_is_refused_at_deploy_and_at_the_gate(
    light_pipeline: Pipeline, tmp_path: Path, chance: random.Random, wrong: str
) -> None:
    line, changes, said = THRESHOLDS[wrong]
    key = line.partition(" = ")[0]
    lines = (PROJECT / "pipeline.toml").read_text(encoding="utf-8").splitlines()
    tables = [n for n, old in enumerate(lines) if old.startswith("[[gate.thresholds]]")]
    places = [n for n in range(min(tables), max(tables) + 4) if lines[n].startswith(f"{key} = ")]
    lines[chance.choice(places)] = line
    changed = tmp_path / "pipeline.toml"
    changed.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"gate\.thresholds\[\d\]") as refused:
        config.load(changed)
    assert said in str(refused.value)

    event = _event(light_pipeline)
    event["gate"]["thresholds"][0].update(changes)
    answer = _judge(light_pipeline, event, WHOLE)

    assert answer["decision"] == "reject"
    assert str(*changes.values()) in answer["reason"]


@pytest.mark.parametrize(("op", "away"), [(">=", 0.0), ("<=", 1.0)])
def test_a_metric_exactly_at_the_threshold_passes_and_the_next_number_does_not(
    light_pipeline: Pipeline, chance: random.Random, op: str, away: float
) -> None:
    bound = chance.randint(1, SAMPLES - 1) / SAMPLES
    event = _event(light_pipeline)
    event["gate"]["thresholds"] = [{"metric": "accuracy", "op": op, "value": bound}]

    def decision(accuracy: float) -> str:
        found = evaluation(bound)
        found[BLOCK]["accuracy"]["value"] = accuracy  # the same but for rounding
        content = json.dumps(found).encode()
        return str(_judge(light_pipeline, event, content)["decision"])

    assert decision(bound) == "register"
    assert decision(math.nextafter(bound, away)) == "reject"


def _event(pipeline: Pipeline) -> Any:
    """Return what CheckMetrics is asked in a run of its own, with one threshold: accuracy."""
    text = EVENT.read_text(encoding="utf-8")
    event = json.loads(text)
    run, bucket = event["run"]["run_id"], event["run"]["paths"]["run"].split("/")[2]
    text = text.replace(run, unique("judged"))
    event = json.loads(text.replace(bucket, pipeline.deployment.bucket))
    del event["gate"]["thresholds"][1:]
    return event


def _judge(pipeline: Pipeline, event: Any, evaluation: bytes | None) -> Any:
    """Let the gate judge an evaluation.json of that content, None for no such file."""
    bucket, _, key = event["evaluation_s3_uri"].removeprefix("s3://").partition("/")
    if evaluation is not None:
        pipeline.s3.put_object(Bucket=bucket, Key=key, Body=evaluation)
    return pipeline.invoke("check_metrics", event)
