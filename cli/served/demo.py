"""`make run`: the whole pipeline on this machine, from the upload to the decision."""

import re
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import boto3

from cli.served import site as web
from cli.served.console import free_port
from cli.served.console import site as console_site
from cli.served.embedded_aws import data_folder, embedded_aws, serve, without_containers
from cli.served.mlflow import with_local_store
from cli.shown import summary
from cli.shown.outcome import follow_to_end
from cli.shown.plan import told
from cli.shown.terminal import WARNING, Step, Terminal
from lambdas.runs.input import RUN_ID
from local_aws.client import Connection
from operations.data_sets import digits, fashion_mnist
from operations.data_sets.upload import complete_folder, upload
from operations.errors import (
    RUN_BYTES,
    InputError,
    NoExecutionError,
    RetrainError,
    disk_full,
    translated,
)
from operations.executions import record
from operations.executions.observer import executions, new_execution
from operations.executions.record import Failure, RunRecord, Seconds
from operations.report import Report
from operations.stage import Stage, stage_of
from state_machine.artifacts.work_folder import work_folder
from state_machine.config import PipelineConfig

STAGE = "dev"
# S3 promises seconds, and sometimes a minute or more.
EVENT_SECONDS = 120.0
LAST_RUN = "last-run.json"
RESULT_FILES = (
    "run.json",
    "decision.json",
    "evaluation/evaluation.json",
    "report.html",
)
# Little data needs small batches: 72 of them in an epoch.
SAMPLE_HYPERPARAMETERS: dict[str, bool | int | float | str] = {"epochs": 6, "batch-size": 16}


def sample_config(config: PipelineConfig) -> PipelineConfig:
    """The configuration for scikit-learn's digits: its own data set, group and batch size."""
    hyperparameters = config.training.hyperparameters | SAMPLE_HYPERPARAMETERS
    return config.model_copy(
        update={
            # We upload these small files ourselves, one right after the other.
            "data": config.data.model_copy(update={"dataset": digits.NAME, "settle_seconds": 1}),
            "training": config.training.model_copy(update={"hyperparameters": hyperparameters}),
            "registry": config.registry.model_copy(update={"model_package_group": digits.NAME}),
        }
    )


def data_set(config: PipelineConfig, home: Path, given: Path | None, report: Report) -> Path:
    """The folder with the files of the configured data set.

    Fashion-MNIST and the sample are found here; for any other the user must give the folder.
    """
    if config.data.dataset == digits.NAME and given is None:
        return digits.write(home / "data" / digits.NAME)
    if config.data.dataset == fashion_mnist.NAME:
        return fashion_mnist.fashion_mnist(home / "data" / fashion_mnist.NAME, report, given)
    if given is None:
        raise InputError(
            f"pipeline.toml names the data set {config.data.dataset!r}, found no folder for it",
            "name its folder with --data",
        )
    return complete_folder(given, config.data.required_files)


class Demo:
    """One run on an embedded AWS of its own; `.retrain/last-run.json` says how it ended."""

    def __init__(
        self,
        config: PipelineConfig,
        project: Path,
        terminal: Terminal,
        needed: int = RUN_BYTES,
    ) -> None:
        self._needed = needed  # bytes that have to be left on the disk
        self._config = with_local_store(config, project)
        self._project = project
        self._home = work_folder(project)
        self._terminal = terminal
        self._preparation: list[Seconds] = []
        self._doing = ""
        self._execution_arn: str | None = None
        self._started = time.monotonic()

    def run(
        self,
        given: Path | None = None,
        *,
        keep_running: bool = False,
        console: Path | None = None,
    ) -> RunRecord:
        """Run the pipeline on the data set, show how it ended, and return that.

        `given` is a folder of the user's to look for the data in. With `keep_running` the embedded
        AWS stays up after the run until Ctrl-C. `console` is the pipeline.toml of a console that is
        opened once there is something to see, and stays up as well.
        """
        try:
            with translated(), ExitStack() as stack:
                if shutil.disk_usage(self._home).free < self._needed:
                    raise disk_full(self._home, self._needed)
                data = self._get_data(given)
                aws = self._start_aws(stack)
                stage = self._deploy()
                address = self._open_console(stack, console) if console else ""
                run = self._through_the_pipeline(aws, stage, data)
                record.write(run, self._home / LAST_RUN)
                summary.show(run, self._terminal)
                if console:
                    self._terminal.line(f"# The console: {address}", style="dim")
                if keep_running or console:
                    serve(aws, self._terminal)
        except (RetrainError, KeyboardInterrupt) as error:
            record.write(self._failed(error), self._home / LAST_RUN)
            raise
        return run

    def _get_data(self, given: Path | None) -> Path:
        with self._step(f"Data set {self._config.data.dataset}") as step:
            return data_set(self._config, self._home, given, step)

    def _start_aws(self, stack: ExitStack) -> Connection:
        with self._step("Embedded AWS") as step:
            aws = stack.enter_context(embedded_aws(self._project))
            step.title += f" at {aws.endpoint}"
        for line in without_containers(aws):
            self._terminal.mark(WARNING, line, "yellow")
        return aws

    def _open_console(self, stack: ExitStack, config: Path) -> str:
        """Start the console, which ends with `stack`; return its address."""
        site = console_site(config, self._project, STAGE, free_port(), read_only=False)
        with self._step("Console") as step:
            server = web.start(site)
            stack.callback(server.kill_group)
            step.title = f"Console at {site.address}"
        return site.address

    def _through_the_pipeline(self, aws: Connection, stage: Stage, data: Path) -> RunRecord:
        known = set(executions(stage.client("stepfunctions"), stage.names.state_machine_arn))
        self._upload(stage, data)
        while True:
            self._execution_arn = arn = self._await_execution(stage, known)
            self._doing = "Execution"
            run = follow_to_end(stage, arn, self._terminal, aws.data_folder)
            if run.superseded is None:
                break
            # Files of the same names lay there already, and each new one made another data set.
            summary.show(run, self._terminal)
            known.add(arn)
        return replace(
            run,
            local_copy=self._fetch_results(stage, run),
            preparation=self._preparation,
            wall_seconds=self._seconds(),
        )

    def _deploy(self) -> Stage:
        from state_machine.deployment.stage import deploy  # noqa: PLC0415 (imports SageMaker's SDK)

        session = boto3.Session()
        with self._step("Deployment") as shown:
            deploy(
                self._config,
                stage=STAGE,
                session=session,
                project=self._project,
                progress=lambda step: shown.say(told(step)),
            )
        return stage_of(self._config, STAGE, session, self._project)

    def _upload(self, stage: Stage, data: Path) -> None:
        with self._step("Upload") as step:
            uploaded = upload(stage, data, self._config.data.dataset, step)
            step.title = f"Upload of {len(uploaded.names)} files to {uploaded.uri}"

    def _await_execution(self, stage: Stage, known: set[str]) -> str:
        """Wait for an execution that the upload started; return its ARN."""
        states, machine = stage.client("stepfunctions"), stage.names.state_machine_arn
        with self._step("S3 event"):
            started = new_execution(states, machine, known, EVENT_SECONDS)
            if started is None:
                logs = data_folder(self._project) / "lambdas" / stage.names.function("on_upload")
                raise NoExecutionError(
                    f"The upload started no execution within {EVENT_SECONDS:.0f} s",
                    f"see why in {logs / 'logs'}",
                )
        return started

    def _fetch_results(self, stage: Stage, run: RunRecord) -> str | None:
        """Copy what outlives the embedded AWS to .retrain/runs/<run_id>/; return that folder."""
        folder = results_folder(self._home, run.run_id)
        if run.artifacts is None or folder is None:
            return None
        folder.mkdir(parents=True, exist_ok=True)
        s3 = stage.client("s3")
        files = {Path(name).name: f"{run.artifacts}/{name}" for name in RESULT_FILES}
        for name, uri in {**files, "model.tar.gz": run.model or ""}.items():
            bucket, _, key = uri.removeprefix("s3://").partition("/")
            # A run that failed half-way has left only some of them.
            with suppress(s3.exceptions.NoSuchKey):
                if key:
                    answer = s3.get_object(Bucket=bucket, Key=key)
                    with (folder / name).open("wb") as file:
                        shutil.copyfileobj(answer["Body"], file)
        return str(folder)

    def _failed(self, error: BaseException) -> RunRecord:
        interrupted = isinstance(error, KeyboardInterrupt)
        return RunRecord(
            status="ABORTED" if interrupted else "FAILED",
            execution_arn=self._execution_arn,
            preparation=self._preparation,
            wall_seconds=self._seconds(),
            failure=Failure(
                state=self._doing,
                error=type(error).__name__,
                cause="stopped by Ctrl-C" if interrupted else str(error),
            ),
        )

    @contextmanager
    def _step(self, title: str) -> Iterator[Step]:
        self._doing = title
        with self._terminal.step(title) as step:
            yield step
        self._preparation.append(Seconds(title, round(step.seconds, 3)))

    def _seconds(self) -> float:
        return round(time.monotonic() - self._started, 3)


def results_folder(home: Path, run_id: str | None) -> Path | None:
    """Where the results of a run go; None for what is no run id, and so names no folder here."""
    if run_id is None or not re.fullmatch(RUN_ID, run_id):
        return None
    return home / "runs" / run_id
