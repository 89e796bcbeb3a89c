"""The facts of a run that ended, as people read them and as `.retrain/last-run.json` keeps them."""

import json
import os
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path

from lambdas.gate.verdicts import REJECTED_ERROR
from lambdas.runs.causes import readable_cause
from operations.executions.view import ExecutionView, StateView, Work
from operations.run_files import decision as decision_file
from operations.run_files import plan as plan_file
from operations.run_files.decision import Cost, Rule
from operations.run_files.fields import Fields


@dataclass(frozen=True)
class Seconds:
    """How long something took."""

    name: str
    seconds: float


@dataclass(frozen=True)
class Failure:
    """What failed, why, and where to read more.

    `state` is a state's name, or the title of the step of preparation. `job` or `function` is the
    SageMaker job or the Lambda that failed, if it was one. `log` is what `aws logs tail` takes;
    `log_file` is a file or folder on this machine.
    """

    state: str
    error: str
    cause: str
    job: str | None = None
    function: str | None = None
    log: str | None = None
    log_file: str | None = None


@dataclass(frozen=True)
class RunRecord:
    """A run. `decision` is register, keep_champion, reject, or None if the gate was not reached;
    of a run that `reproduces` another, whose id that is, reproduced or differs.
    `reused` are the steps that an earlier run has computed, with that run's id.
    `rules` is how each of its rules went, `approval_rules` how those of automatic approval did, and
    `cost` what the jobs cost by estimate: docs/report.md says what is in it.

    `steps` are the task states; `preparation` is what the command did before the execution;
    `wall_seconds` is all of it as seen by the person who waited. `artifacts` (of the run), `model`
    (model.tar.gz) and `report` begin with s3://; `local_copy` is a folder on this machine; `resume`
    is the command that resumes an execution that failed. `superseded` says by what the data set of
    an execution was replaced that ended for that reason. `problems` are lines on what a Lambda
    answered and nobody can read.
    """

    status: str
    execution_arn: str | None = None
    run_id: str | None = None
    decision: str | None = None
    reason: str | None = None
    rules: tuple[Rule, ...] = ()
    approval_rules: tuple[Rule, ...] = ()
    metrics: dict[str, float] = field(default_factory=dict)
    cost: Cost | None = None
    model_package_arn: str | None = None
    approval_status: str | None = None
    artifacts: str | None = None
    model: str | None = None
    report: str | None = None
    local_copy: str | None = None
    steps: list[Seconds] = field(default_factory=list)
    preparation: list[Seconds] = field(default_factory=list)
    execution_seconds: float = 0.0
    wall_seconds: float = 0.0
    failure: Failure | None = None
    resume: str | None = None
    superseded: str | None = None
    reproduces: str | None = None
    reused: dict[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    @property
    def decided(self) -> bool:
        """Whether the run ended in a decision and did what was decided."""
        return self.decision is not None and self.failure is None


def record(view: ExecutionView) -> RunRecord:
    """What the last view of an execution tells."""
    problems: list[str] = []
    plan = plan_file.read(view.payload("PrepareRun"), problems, "PrepareRun's answer")
    decider = "ApproveModel" if view.payload("ApproveModel") else "CheckMetrics"
    gate = decision_file.read(view.payload(decider), problems, f"{decider}'s answer")
    end = view.stopped or view.started
    tasks = [state for state in view.states if state.kind == "Task"]
    return RunRecord(
        status=view.status,
        execution_arn=view.arn,
        run_id=plan.run_id,
        decision=gate.decision,
        reason=gate.reason,
        rules=gate.rules,
        approval_rules=gate.approval_rules,
        metrics=gate.metrics,
        cost=gate.cost,
        model_package_arn=_result(view.state("RegisterModel")).text("ModelPackageArn"),
        artifacts=plan.run_uri,
        model=_model_data(view.state("Train")) or plan.model_uri,
        report=plan.report_uri if gate.decision else None,
        steps=[Seconds(state.name, round(state.seconds(end), 3)) for state in tasks],
        execution_seconds=round(view.seconds(end), 3),
        wall_seconds=round(view.seconds(end), 3),
        failure=_failure(view),
        superseded=_superseded(view),
        reproduces=plan.reproduces,
        reused=plan.reused,
        problems=tuple(problems),
    )


def write(run: RunRecord, path: Path) -> None:
    """Write the record as JSON; a reader finds the old file or the new one, never a part of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", delete=False
    ) as file:
        json.dump(asdict(run), file, indent=2)
        file.write("\n")
    os.replace(file.name, path)  # noqa: PTH105 (the name, not a path, is what we hold)


def _result(state: StateView | None) -> Fields:
    return Fields(state and state.result, "the result", [])


def _model_data(train: StateView | None) -> str | None:
    return _result(train).inner("ModelArtifacts").text("S3ModelArtifacts")


def _superseded(view: ExecutionView) -> str | None:
    answers = (view.payload(state) for state in ("TakeTurn", "PrepareRun"))
    said = (Fields(a, "", []).text("message") for a in answers if a.get("outcome") == "superseded")
    return next((message or "" for message in said), None)


def _failure(view: ExecutionView) -> Failure | None:
    if view.status == "SUCCEEDED" or view.error == REJECTED_ERROR:
        return None
    state = view.last
    error = (state and state.error) or view.error or view.status
    cause = readable_cause((state and state.cause) or view.cause)
    work = state.work if state else None
    return Failure(
        state=state.name if state else "the execution",
        error=error,
        cause=cause,
        job=work.name if work and work.is_job else None,
        function=work.name if work and not work.is_job else None,
        log=_log(work) if work else None,
    )


def _log(work: Work) -> str:
    stream = f" --log-stream-name-prefix {work.name}" if work.is_job else ""
    return f"{work.log_group}{stream}"
