"""An execution followed to its end, and all that is to be known of it then."""

from dataclasses import replace
from pathlib import Path

from cli.options import on_stage
from cli.shown.progress import presenter
from cli.shown.terminal import Terminal
from operations.executions import record
from operations.executions.observer import Observer, follow
from operations.executions.record import RunRecord
from operations.stage import Stage


def follow_to_end(
    stage: Stage, execution_arn: str, terminal: Terminal, data_folder: Path | None = None
) -> RunRecord:
    """Show the execution until it ends and return its record.

    `data_folder` is where the embedded AWS keeps its files, if it is ours.
    """
    observer = Observer(stage.client("stepfunctions"), stage.client("logs"), execution_arn)
    with presenter(terminal, observer.planned_states()) as shown:
        view = follow(observer, shown)
    run = record.record(view)
    if run.model_package_arn:
        package = stage.client("sagemaker").describe_model_package(
            ModelPackageName=run.model_package_arn
        )
        run = replace(run, approval_status=package["ModelApprovalStatus"])
    if run.failure is not None:
        run = replace(run, resume=resume_command(view.name, stage.names.stage))
    return _with_log_file(run, data_folder)


def resume_command(execution_name: str, stage: str) -> str:
    """Return what to type to resume the execution."""
    return on_stage(f"retrain redrive {execution_name}", stage)


def _with_log_file(run: RunRecord, data_folder: Path | None) -> RunRecord:
    if run.failure is None or data_folder is None:
        return run
    if run.failure.job:
        folder = data_folder / "jobs" / run.failure.job
        # Of several hosts each has its log in a folder of its own.
        log = folder if any(folder.glob("*/job.log")) else folder / "job.log"
    elif run.failure.function:
        log = data_folder / "lambdas" / run.failure.function / "logs"
    else:
        return run
    if not log.exists():
        return run
    return replace(run, failure=replace(run.failure, log_file=str(log)))
