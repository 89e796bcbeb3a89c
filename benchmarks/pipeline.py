"""One measured run of the pipeline on the embedded AWS, from PutObject to the registered model."""

import json
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import boto3

from benchmarks.processes import Watched, watched
from lambdas.runs.files import read
from local_aws.client import Connection
from operations.executions.training_log import GROUP, Epoch, parse
from state_machine.config import PipelineConfig
from state_machine.deployment.stage import Deployment, deploy

SCRIPTS = {"Preprocess": "preprocessing.py", "Train": "main.py", "Evaluate": "evaluation.py"}
POLL_SECONDS = 0.1
END_POLL_SECONDS = 1.0  # the execution itself says when it ended: to ask often only slows it down
ENDED = ("SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")


class RunFailedError(Exception):
    """The measured run did not end with a registered model."""


@dataclass(frozen=True)
class Run:
    """What one run took, in seconds, and what it scored on the test images.

    `states` are the times in each state of the machine, `scripts` those of the scripts themselves,
    imports included. `epochs` holds (seconds since the start, validation accuracy).
    """

    wall: float
    scores: dict[str, float]
    epochs: list[tuple[float, float]]
    watched: Watched
    began: float  # seconds since 1970
    states: dict[str, float]
    scripts: dict[str, float]
    epoch_seconds: list[float]

    @property
    def overhead(self) -> float:
        """All that is not a script at work."""
        return self.wall - sum(self.scripts.values())


class Stage:
    """A stage of the pipeline, deployed to an embedded AWS."""

    def __init__(self, aws: Connection, project: Path, name: str) -> None:
        self._aws, self._project, self._name = aws, project, name
        self._session: boto3.Session = aws.session()
        self._states = aws.client("stepfunctions")
        self._s3 = aws.client("s3")
        self._logs = aws.client("logs")
        self.deployment: Deployment

    def deploy(self, config: PipelineConfig) -> None:
        """Bring the stage to this configuration."""
        self.deployment = deploy(
            config,
            stage=self._name,
            session=self._session,
            project=self._project,
            progress=lambda _: None,
        )

    def run(self, data: Path, dataset: str) -> Run:
        """Upload the folder's files as a new data set; return what its execution took.

        Raises:
            RunFailedError: no model was registered.
        """
        known = {execution["executionArn"] for execution in self._executions()}
        with watched(self._aws.pid) as seen:
            began = time.time()
            self.upload(data, dataset)
            execution = self._end_of(self._started_after(known))
        output = json.loads(execution.get("output") or "{}")
        if "registration" not in output:
            problem = execution.get("cause") or output.get("quality_gate")
            raise RunFailedError(f"{execution['name']}: {execution['status']}: {problem}")
        evaluation = read(self._s3, f"{output['paths']['evaluation']}/evaluation.json") or {}
        metrics = evaluation["multiclass_classification_metrics"]
        epochs = self._epochs(output["training_job"]["job_name"])
        return Run(
            wall=execution["stopDate"].timestamp() - began,
            scores={name: metrics[name]["value"] for name in ("accuracy", "loss")},
            epochs=[(at - began, epoch.figures["val_accuracy"]) for at, epoch in epochs],
            watched=seen,
            began=began,
            states=self._state_seconds(execution["executionArn"]),
            scripts={name: _seconds(seen, script) for name, script in SCRIPTS.items()},
            epoch_seconds=[epoch.figures["seconds"] for _, epoch in epochs],
        )

    def upload(self, data: Path, dataset: str) -> None:
        """Put the folder's files below the prefix that the pipeline listens to."""
        for file in sorted(data.iterdir()):
            key = f"raw_data/{dataset}/{file.name}"
            with file.open("rb") as body:
                self._s3.put_object(Bucket=self.deployment.bucket, Key=key, Body=body)

    def _executions(self) -> list[Any]:
        machine = self.deployment.state_machine_arn
        return list(self._states.list_executions(stateMachineArn=machine)["executions"])

    def _started_after(self, known: set[str]) -> str:
        while True:
            for execution in self._executions():
                if execution["executionArn"] not in known:
                    return str(execution["executionArn"])
            time.sleep(POLL_SECONDS)

    def _end_of(self, arn: str) -> Any:
        while True:
            execution = self._states.describe_execution(executionArn=arn)
            if execution["status"] in ENDED:
                return execution
            time.sleep(END_POLL_SECONDS)

    def _epochs(self, job: str) -> list[tuple[float, Epoch]]:
        """Return the epochs in the job's log, with the time of each in seconds since 1970."""
        pages = self._logs.get_paginator("filter_log_events").paginate(
            logGroupName=GROUP, logStreamNamePrefix=f"{job}/"
        )
        lines = [(line["timestamp"], line["message"]) for page in pages for line in page["events"]]
        return [(at / 1000, epoch) for at, text in lines if (epoch := parse(text))]

    def _state_seconds(self, arn: str) -> dict[str, float]:
        """Return how long each state took, all its visits together."""
        pages = self._states.get_paginator("get_execution_history").paginate(executionArn=arn)
        entered: dict[str, datetime] = {}
        seconds: dict[str, float] = {}
        for event in (event for page in pages for event in page["events"]):
            if details := event.get("stateEnteredEventDetails"):
                entered[details["name"]] = event["timestamp"]
            elif details := event.get("stateExitedEventDetails"):
                name = details["name"]
                took = (event["timestamp"] - entered[name]).total_seconds()
                seconds[name] = seconds.get(name, 0.0) + took
        return seconds


def _seconds(seen: Watched, script: str) -> float:
    return sum(process.seconds for process in seen.running(script))
