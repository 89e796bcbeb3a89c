"""Payload templates filled in with a sample run, as Step Functions fills them in."""

import re
from typing import Any

RUN_ID = "fashion-mnist-0123456789abcdef01234567"  # 38 of at most 40 characters
RUN = f"s3://bucket/runs/{RUN_ID}"
STATE: dict[str, Any] = {
    "run_id": RUN_ID,
    "client_token": "12345678-1234-1234-1234-123456789012",
    "dataset": {
        "name": "fashion-mnist",
        "s3_uri": "s3://bucket/raw_data/fashion-mnist/",
        "fingerprint": "cafffd8da40d",
    },
    "experiment": {
        step: {
            "ExperimentName": "retrain-dev",
            "TrialName": f"retrain-dev-{RUN_ID}",
            "TrialComponentDisplayName": step,
        }
        for step in ("preprocess", "train", "evaluate")
    },
    "preprocessing": {"validation_fraction": "0.2", "seed": "42"},
    "instance_types": {
        "preprocessing": "ml.m5.xlarge",
        "training": "ml.g5.xlarge",
        "evaluation": "ml.c5.xlarge",
    },
    "steps": {"Preprocess": {"key": "1" * 64}, "Train": {"key": "2" * 64}},
    "timeout_seconds": {"preprocessing": 5400, "training": 16200, "evaluation": 5400},
    "images": {
        "preprocessing": "cpu-image",
        "training": "gpu-image",
        "evaluation": "cpu-image",
        "serving": "serving-image",
    },
    "hyperparameters": {
        "network": "normalized",
        "precision": "auto",
        "epochs": "10",
        "batch-size": "64",
        "learning-rate": "1",
        "schedule": "one-cycle",
        "seed": "42",
    },
    "paths": {
        "preprocessing": f"{RUN}/preprocessing",
        "checkpoints": f"s3://bucket/checkpoints/{RUN_ID}",
        "training": f"{RUN}/training",
        "evaluation": f"{RUN}/evaluation",
        "champion": f"{RUN}/champion",
        "report": f"{RUN}/report.html",
    },
    "code": {"s3_uri": "s3://bucket/code/abc/", "sha256": "abc"},
    "champion": {"model_package_arn": None, "model_sha256": "none"},
    "training_job": {
        "job_name": "job",
        "model_data_url": f"{RUN}/training/job/output/model.tar.gz",
    },
    "quality_gate": {
        "decision": "register",
        "approval_status": "PendingManualApproval",
        "customer_metadata": {"run_id": RUN_ID},
        "description": f"Run {RUN_ID} on fashion-mnist",
    },
}
CONTEXT: dict[str, Any] = {
    "Execution": {"Id": "arn", "Input": {}, "StartTime": "2026-01-01", "RedriveCount": 0},
    "State": {"RetryCount": 0},
}


def fill_in(template: Any, context: dict[str, Any] = CONTEXT) -> Any:
    """`template` with every `"key.$"` replaced by the value that its path or function gives."""
    if isinstance(template, list):
        return [fill_in(item, context) for item in template]
    if not isinstance(template, dict):
        return template
    return {
        key.removesuffix(".$"): _value(value, context)
        if key.endswith(".$")
        else fill_in(value, context)
        for key, value in template.items()
    }


def _value(expression: str, context: dict[str, Any]) -> Any:
    call = re.fullmatch(r"States\.(Format|Array)\((.*)\)", expression)
    if call:
        arguments = [_value(argument.strip(), context) for argument in call[2].split(",")]
        return arguments if call[1] == "Array" else arguments[0].format(*arguments[1:])
    if expression.startswith("'"):
        return expression.strip("'")
    root = context if expression.startswith("$$") else STATE
    for part in re.findall(r"\['([^']+)'\]|\.([^.\[]+)", expression):
        root = root[part[0] or part[1]]
    return root
