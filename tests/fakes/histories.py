"""Histories of executions, with the events in the order and the shape of Step Functions."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ARN = "arn:aws:states:us-east-1:123456789012:execution:retrain-dev:digits-0123456789ab"
RUN = {
    "run_id": "digits-0123456789ab",
    "paths": {
        "run": "s3://bucket/runs/digits-0123456789ab",
        "evaluation": "s3://bucket/runs/digits-0123456789ab/evaluation",
        "report": "s3://bucket/runs/digits-0123456789ab/report.html",
    },
}
EARLIER = "digits-000000000000"
REUSED = {"Preprocess": EARLIER, "Train": EARLIER}
TRAINING_JOB = "digits-0123456789ab-train-0-0"
MODEL = f"s3://bucket/runs/digits-0123456789ab/training/{TRAINING_JOB}/output/model.tar.gz"
PACKAGE_ARN = "arn:aws:sagemaker:us-east-1:123456789012:model-package/digits/1"
DESCRIPTION = {"executionArn": ARN, "startDate": START}


def gate(decision: str, *, held: bool = True) -> dict[str, Any]:
    """What CheckMetrics returns."""
    return {
        "decision": decision,
        "reason": "accuracy 0.9722 >= 0.85" if held else "accuracy 0.9722 does not hold >= 0.99",
        "rules": [
            {
                "rule": "accuracy >= 0.85" if held else "accuracy >= 0.99",
                "metric": "accuracy",
                "value": 0.9722,
                "bound": 0.85 if held else 0.99,
                "held": held,
                "said": "accuracy 0.972 >= 0.850" if held else "accuracy 0.972 < 0.990 required",
            }
        ],
        "approval_status": "PendingManualApproval",
        "auto_approve": None,
        "metrics": {"accuracy": 0.9722, "loss": 0.0912},
    }


class History:
    """Writes events down; each happens `after` seconds later than the one before."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self._now = START
        self.add("ExecutionStarted")

    def add(self, kind: str, after: float = 0.0, **details: Any) -> "History":
        self._now += timedelta(seconds=after)
        number = len(self.events) + 1
        self.events.append({"id": number, "type": kind, "timestamp": self._now, **details})
        return self

    def enter(self, state: str, kind: str = "Task") -> "History":
        return self.add(f"{kind}StateEntered", stateEnteredEventDetails={"name": state})

    def leave(self, state: str, kind: str = "Task") -> "History":
        return self.add(f"{kind}StateExited", stateExitedEventDetails={"name": state})

    def schedule(self, parameters: dict[str, Any]) -> "History":
        self.add("TaskScheduled", taskScheduledEventDetails={"parameters": json.dumps(parameters)})
        return self.add("TaskStarted")

    def succeed(self, result: dict[str, Any], after: float) -> "History":
        return self.add(
            "TaskSucceeded", after, taskSucceededEventDetails={"output": json.dumps(result)}
        )

    def fail(self, error: str, cause: str, after: float) -> "History":
        return self.add(
            "TaskFailed", after, taskFailedEventDetails={"error": error, "cause": cause}
        )

    def function(self, state: str, function: str, payload: dict[str, Any]) -> "History":
        self.enter(state).schedule({"FunctionName": f"arn:aws:lambda:r:1:function:{function}"})
        return self.succeed({"Payload": payload}, after=0.5).leave(state)

    def job(
        self, state: str, parameters: dict[str, Any], after: float, **described: Any
    ) -> "History":
        return self.enter(state).schedule(parameters).succeed(described, after).leave(state)


def until_the_gate(decision: dict[str, Any]) -> History:
    """A run up to and with the QualityGate."""
    return (
        History()
        .function("PrepareRun", "retrain-dev-prepare_run", RUN)
        .job("Preprocess", {"ProcessingJobName": "digits-0123456789ab-preprocess-0-0"}, 4.0)
        .job(
            "Train",
            {"TrainingJobName": TRAINING_JOB},
            9.5,
            ModelArtifacts={"S3ModelArtifacts": MODEL},
        )
        .job("Evaluate", {"ProcessingJobName": "digits-0123456789ab-evaluate-0-0"}, 5.0)
        .function("CheckMetrics", "retrain-dev-check_metrics", decision)
        .enter("QualityGate", "Choice")
        .leave("QualityGate", "Choice")
    )


def reused() -> History:
    """A run that has taken arrays and model over from an earlier one, and evaluates the model."""
    steps = {step: {"key": "1" * 64, "reused_from": run_id} for step, run_id in REUSED.items()}
    plan = RUN | {"steps": steps, "training_job": {"model_data_url": MODEL}}
    return (
        History()
        .function("PrepareRun", "retrain-dev-prepare_run", plan)
        .enter("Prepared", "Choice")
        .leave("Prepared", "Choice")
        .job("Evaluate", {"ProcessingJobName": "digits-0123456789ab-evaluate-0-0"}, 5.0)
        .function("CheckMetrics", "retrain-dev-check_metrics", gate("register"))
    )


def registered() -> History:
    """A run whose model passed and was registered."""
    return (
        until_the_gate(gate("register"))
        .enter("RegisterModel")
        .schedule({"ModelPackageGroupName": "digits"})
        .succeed({"ModelPackageArn": PACKAGE_ARN}, after=0.25)
        .leave("RegisterModel")
        .enter("Registered", "Succeed")
        .leave("Registered", "Succeed")
        .add("ExecutionSucceeded")
    )


def rejected() -> History:
    """A run whose model did not pass."""
    return (
        until_the_gate(gate("reject", held=False))
        .enter("Rejected", "Fail")
        .add("ExecutionFailed", executionFailedEventDetails={})
    )


def failed_training() -> History:
    """A run whose training job failed twice."""
    cause = json.dumps(
        {"TrainingJobName": TRAINING_JOB, "FailureReason": "AlgorithmError: loss is nan"}
    )
    return (
        History()
        .function("PrepareRun", "retrain-dev-prepare_run", RUN)
        .enter("Train")
        .schedule({"TrainingJobName": "digits-0123456789ab-train-0-0"})
        .fail("SageMaker.AmazonSageMakerException", "slow down", after=1.0)
        .schedule({"TrainingJobName": "digits-0123456789ab-train-1-0"})
        .fail("States.TaskFailed", cause, after=2.0)
        .add("ExecutionFailed", executionFailedEventDetails={})
    )
