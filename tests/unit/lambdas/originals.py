"""A run that was, as its files lie in the bucket: what an execution may reproduce."""

import json
from typing import Any

from lambdas.data_sets.data_sets import DataSet, ObjectVersion
from tests.fakes.s3 import FakeS3
from tests.support.code import place_code
from tests.unit.lambdas.conftest import BUCKET, FILES

ORIGINAL = "digits-0123456789ab"
RUN = f"runs/{ORIGINAL}"


def write_original(s3: FakeS3, **changes: Any) -> dict[str, Any]:
    """Write plan, data and code of the run ``ORIGINAL``; `changes` replace parts of its plan."""
    uploaded = [s3.upload(BUCKET, f"raw_data/digits/{file}", file.encode()) for file in FILES]
    objects = tuple(
        ObjectVersion(v.key, v.version_id, v.etag, len(v.content or b"")) for v in uploaded
    )
    dataset = DataSet("digits", f"s3://{BUCKET}/raw_data/digits/", tuple(sorted(objects)), ())
    copy = f"{RUN}/source_data/{dataset.fingerprint}/"
    for file in FILES:
        s3.upload(BUCKET, f"{copy}{file}", file.encode())
    code = place_code(s3, BUCKET)
    plan = {
        "run_id": ORIGINAL,
        "dataset": {
            **dataset.as_state(),
            "s3_uri": f"s3://{BUCKET}/{copy}",
            "uploaded_to": dataset.s3_uri,
        },
        "preprocessing": {"validation_fraction": "0.1", "seed": "7"},
        "hyperparameters": {
            "epochs": "3",
            "batch-size": "32",
            "learning-rate": "0.01",
            "seed": "7",
        },
        "code": code,
        "model_package_group": "fashion-mnist",
        "champion": {"model_package_arn": "arn:the-champion-of-then"},
        **changes,
    }
    s3.upload(BUCKET, f"{RUN}/run.json", json.dumps(plan).encode())
    return plan
