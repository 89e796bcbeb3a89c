"""A run's files as the product writes them, and hostile ones that begin as these."""

import json
from typing import Any

from hypothesis import strategies as st

from tests.fakes.histories import RUN, gate
from tests.fuzz import hostile
from tests.unit.lambdas.evaluations import against, evaluation

PLAN: dict[str, Any] = RUN | {
    "reproduces": None,
    "dataset": {
        "name": "digits",
        "fingerprint": "f" * 64,
        "s3_uri": "s3://bucket/runs/digits-1/source_data/",
        "uploaded_to": "s3://bucket/raw_data/digits/",
        "objects": [{"key": "raw_data/digits/a.gz", "version_id": "v", "etag": "e", "size": 5}],
    },
    "preprocessing": {"validation_fraction": "0.2", "seed": "42"},
    "hyperparameters": {"epochs": "10", "seed": "42"},
    "code": {"s3_uri": "s3://bucket/code/abc/", "sha256": "abc"},
    "steps": {"Train": {"key": "1" * 64, "reused_from": "digits-0", "why": None}},
    "training_job": {"model_data_url": "s3://bucket/model.tar.gz"},
}
COST = {
    "currency": "USD",
    "region": "us-east-1",
    "estimate": 0.05,
    "spot_savings": 0.1,
    "jobs": [{"step": "Train", "billable_seconds": 36.0, "instance_count": 1, "estimate": 0.05}],
    "missing": ["Train: no price"],
    "prices": {"date": "2026-09-01", "source": "https://aws.amazon.com"},
}
DECISION: dict[str, Any] = gate("register") | {
    "auto_approve": {"approved": True, "reason": "", "rules": gate("register")["rules"]},
    "cost": COST,
}
EVALUATION: dict[str, Any] = evaluation(
    champion=against(),
    dataset={"test_samples": 10, "labels_sha256": "a" * 64},
    model={"sha256": "0" * 64, "size_bytes": 5, "parameters": 3, "latency_ms": {"median": 2.0}},
)

plans = hostile.changed(PLAN)
decisions = hostile.changed(DECISION)
evaluations = hostile.changed(EVALUATION)


def as_json(values: st.SearchStrategy[Any]) -> st.SearchStrategy[str]:
    """The same as JSON, as lenient as Python writes and reads it, numbers of 5,000 digits too."""
    told = values.map(json.dumps)
    return told | told.map(lambda text: text.replace("1", "1" * 5000, 1))
