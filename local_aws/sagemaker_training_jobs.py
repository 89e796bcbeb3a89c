"""CreateTrainingJob: channels, checkpoints, `train`, and a model archive.

The command is the `train` of AWS's own sagemaker-training toolkit, as in AWS's images.
https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo.html
"""

import re
import tarfile
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from moto.sagemaker.exceptions import AWSValidationException

from local_aws import processes, sagemaker_spot
from local_aws.sagemaker_checkpoints import Checkpoints
from local_aws.sagemaker_container import resource_config
from local_aws.sagemaker_job import REASON_LIMIT, Job, JobFailedError
from local_aws.sagemaker_logs import Metrics
from local_aws.sagemaker_s3 import (
    S3Uri,
    TransferDeniedError,
    TransferError,
    download_prefix,
    files_below,
)
from local_aws.sagemaker_spot import InstanceTime

_INPUT = "/opt/ml/input"
_MODEL = "/opt/ml/model"
_OUTPUT_DATA = "/opt/ml/output/data"
_FAILURE = "/opt/ml/output/failure"
_FALSE_BY_DEFAULT = (
    "EnableNetworkIsolation",
    "EnableInterContainerTrafficEncryption",
    "EnableManagedSpotTraining",
)
_STATUS_MESSAGES = {
    "Starting": "Preparing the instances for training",
    "Downloading": "Downloading input data",
    "Interrupted": "Training job interrupted: its spot instance was taken back",
    "Training": "Training image download completed. Training in progress.",
    "Uploading": "Uploading generated training model",
    "Stopping": "Stopping the training job",
    "Stopped": "Training job stopped",
    "MaxRuntimeExceeded": "Training job runtime exceeded MaxRuntimeInSeconds provided",
    "MaxWaitTimeExceeded": "Training job wait time exceeded MaxWaitTimeInSeconds provided",
    "Completed": "Training job completed",
    "Failed": "Training job failed",
}


class TrainingJob(Job):
    """One training job.

    A spot job that is interrupted starts again in an empty container, as on a new instance: what
    it finds there of its earlier work is what its checkpoints brought back from S3.
    """

    title = "TrainingJob"
    arn_type = "training-job"
    log_group = "/aws/sagemaker/TrainingJobs"
    progress = (
        *Job.progress,
        "_secondary_status",
        "_transitions",
        "_model_artifacts",
        "_instance_time",
    )

    def __init__(self, request: dict[str, Any], **options: Any) -> None:
        super().__init__(request, **options)
        self._secondary_status = ""
        self._transitions: list[dict[str, Any]] = []
        self._model_artifacts: dict[str, str] | None = None
        self._instance_time = InstanceTime()
        self._interruptible = False
        self._capacity_returns_after: float | None = None  # set while an interruption is due
        self._wait_limit: threading.Timer | None = None
        self._add_transition("Starting")

    @property
    def _image(self) -> str:
        return str(self._request["AlgorithmSpecification"].get("TrainingImage", ""))

    def check(self) -> None:
        """Refuse what cannot be run here, expressions that are none, and empty channels."""
        sagemaker_spot.check(self._request)
        algorithm = self._request["AlgorithmSpecification"]
        try:
            self.metrics = Metrics(algorithm.get("MetricDefinitions", []))
        except re.error as error:
            raise AWSValidationException(f"Invalid regular expression: {error}") from error
        if self._request["ResourceConfig"].get("InstanceCount", 1) != 1:
            raise AWSValidationException("The embedded AWS runs training jobs on 1 instance.")
        if self._request["OutputDataConfig"].get("CompressionType", "GZIP") != "GZIP":
            raise AWSValidationException(
                "CompressionType 'NONE' is not supported here; use 'GZIP'."
            )
        for channel in self._channels():
            self._check_channel(channel)

    def _check_channel(self, channel: dict[str, Any]) -> None:
        source = channel["DataSource"].get("S3DataSource")
        mode = self._input_mode(channel)
        # FastFile shows the objects as files, which downloaded objects are.
        if source is None or source["S3DataType"] != "S3Prefix" or mode not in ("File", "FastFile"):
            raise AWSValidationException(
                f"Channel {channel['ChannelName']!r}: the embedded AWS supports S3DataSource with "
                "S3DataType 'S3Prefix' and the input modes 'File' and 'FastFile'."
            )
        try:
            uri = S3Uri.parse(source["S3Uri"])
            keys = self._transfer.keys(uri)
        except TransferDeniedError:
            keys = []
        except TransferError as error:
            raise AWSValidationException(str(error)) from error
        if not keys:  # AWS looks when the job is created, with the job's role, and says this:
            raise AWSValidationException(
                f'No S3 objects found under S3 URL "{source["S3Uri"]}" given in input data source. '
                f"Please ensure that the bucket exists in the selected region ({self._region}), "
                "that objects exist under that S3 prefix, and that the role "
                f'"{self.role_arn}" has "s3:ListBucket" permissions on bucket '
                f'"{uri.bucket}".'
            )

    def start(self) -> None:
        """Run the job; one of spot ends after MaxWaitTimeInSeconds, waits included."""
        super().start()
        seconds = sagemaker_spot.max_wait(self._request)
        if seconds is not None:
            self._wait_limit = self._limit(seconds, "MaxWaitTimeExceeded")

    def interrupt(self, capacity_returns_after: float = 0) -> None:
        """Take the instance away, as AWS does: SIGTERM, and SIGKILL when the grace is over.

        Another one comes after `capacity_returns_after` seconds. Raises AWSValidationException
        for a job that is not of spot or is not training now.
        """
        with self._lock:
            if not self._request.get("EnableManagedSpotTraining", False):
                raise AWSValidationException(f"{self.name} is not a managed spot training job.")
            if not self._interruptible:
                raise AWSValidationException(
                    f"{self.name} is in status {self._secondary_status}: only a job in status "
                    "Training can be interrupted."
                )
            self._interruptible = False
            self._capacity_returns_after = capacity_returns_after
            self._move_to("Interrupted")
            self._terminate()

    def _channels(self) -> list[dict[str, Any]]:
        channels: list[dict[str, Any]] = self._request.get("InputDataConfig", [])
        return channels

    def _input_mode(self, channel: dict[str, Any]) -> str:
        algorithm = self._request["AlgorithmSpecification"]
        return str(channel.get("InputMode") or algorithm["TrainingInputMode"])

    def _prepare(self) -> None:
        self._enter("Downloading")
        now = datetime.now(UTC)
        self._instance_time.begin(now)
        self.start_time = self.start_time or now
        self._write_configuration()
        for folder in (_MODEL, _OUTPUT_DATA):
            self.container.make_folder(folder)
        try:
            self._download()
        except TransferError as error:
            raise JobFailedError(f"ClientError: Failed to download data. {error}") from error

    def _download(self) -> None:
        for channel in self._channels():
            uri = S3Uri.parse(channel["DataSource"]["S3DataSource"]["S3Uri"])
            target = self.container.make_folder(f"{_INPUT}/data/{channel['ChannelName']}")
            download_prefix(self._transfer, uri, target)
        self._checkpoints = self._make_checkpoints()
        if self._checkpoints is not None:
            self._checkpoints.restore()

    def _write_configuration(self) -> None:
        channels = {
            channel["ChannelName"]: {
                "TrainingInputMode": self._input_mode(channel),
                "S3DistributionType": channel["DataSource"]["S3DataSource"].get(
                    "S3DataDistributionType", "FullyReplicated"
                ),
                "RecordWrapperType": channel.get("RecordWrapperType", "None"),
                **({"ContentType": channel["ContentType"]} if "ContentType" in channel else {}),
            }
            for channel in self._channels()
        }
        resources = resource_config(self._request["ResourceConfig"].get("InstanceType", "local"))
        for name, content in (
            ("hyperparameters", self._request.get("HyperParameters", {})),
            ("inputdataconfig", channels),
            ("resourceconfig", resources),
        ):
            self.container.write_json(f"{_INPUT}/config/{name}.json", content)

    def _make_checkpoints(self) -> Checkpoints | None:
        config = self._request.get("CheckpointConfig")
        if config is None:
            return None
        folder = self.container.make_folder(config.get("LocalPath") or "/opt/ml/checkpoints")
        return Checkpoints(self._transfer, folder, S3Uri.parse(config["S3Uri"]))

    def _execute(self) -> int | None:
        """Run the command, again after each interruption; return what its last run ended with."""
        while True:
            exit_code = self._run_on_instance()
            with self._lock:
                self._interruptible = False  # from here on the end of the command is what counts
                wait, self._capacity_returns_after = self._capacity_returns_after, None
            if wait is None:
                return exit_code
            if not self._move_to_new_instance(wait):
                return None

    def _run_on_instance(self) -> int | None:
        self._enter("Training")
        if self._checkpoints is None:
            return super()._execute()
        with self._checkpoints.mirrored():
            return super()._execute()

    def _launch(self) -> processes.Process | None:
        with self._lock:
            process = super()._launch()
            self._interruptible = process is not None
            return process

    def _runtime_left(self) -> float:
        """AWS counts the time on all instances, and not the wait between them."""
        return max(0.0, super()._runtime_left() - self._instance_time.seconds())

    def _move_to_new_instance(self, wait: float) -> bool:
        """Wait for an instance and set it up; return False if the job was stopped meanwhile."""
        self._instance_time.end(datetime.now(UTC))
        self.container.renew()
        if self._stop_asked.wait(wait):
            return False
        self._enter("Starting")
        self._prepare()
        return True

    def _command(self) -> list[str]:
        algorithm = self._request["AlgorithmSpecification"]
        elements = [
            *algorithm.get("ContainerEntrypoint", ["train"]),
            *algorithm.get("ContainerArguments", []),
        ]
        return self.container.command(elements)

    def _environment(self) -> dict[str, str]:
        return {
            "TRAINING_JOB_NAME": self.name,
            "TRAINING_JOB_ARN": self.arn,
            # The toolkit waits until the name of every host resolves. Here algo-1 never does, and
            # this is the toolkit's own switch for that case.
            "SM_STUDIO_LOCAL_MODE": "True",
            **self._request.get("Environment", {}),
        }

    def _conclude(self, exit_code: int | None) -> None:
        if exit_code:
            raise JobFailedError(self._algorithm_error(exit_code))
        self._move_to("Uploading")
        output = S3Uri.parse(self._request["OutputDataConfig"]["S3OutputPath"])
        output = output / self.name / "output"
        self._upload_archive(_OUTPUT_DATA, output / "output.tar.gz")
        # A stopped job has 120 seconds in which to save its model "so that the results of training
        # are not lost": AWS uploads that too.
        if self._upload_archive(_MODEL, output / "model.tar.gz", even_empty=exit_code == 0):
            self._model_artifacts = {"S3ModelArtifacts": str(output / "model.tar.gz")}

    def _algorithm_error(self, exit_code: int) -> str:
        failure = self.container.read_start(_FAILURE, 4 * REASON_LIMIT).decode("utf-8", "replace")
        return f"AlgorithmError: {failure[:REASON_LIMIT].strip()}, exit code: {exit_code}"

    def _upload_archive(self, inside: str, uri: S3Uri, *, even_empty: bool = False) -> bool:
        folder = self.container.path(inside)
        if not even_empty and next(files_below(folder), None) is None:
            return False
        archive = self.container.root / "tmp" / Path(uri.key).name
        try:
            with tarfile.open(archive, "w:gz", compresslevel=1) as tar:  # weights hardly compress
                for path in sorted(folder.iterdir()) if folder.is_dir() else []:
                    tar.add(path, arcname=path.name)
            self._transfer.upload(archive, uri)
        except (OSError, TransferError) as error:
            raise JobFailedError(f"ClientError: Artifact upload failed: {error}") from error
        finally:
            archive.unlink(missing_ok=True)
        return True

    def _enter(self, phase: str) -> None:
        """Begin the next phase, unless the job is being stopped: then it stays at that."""
        with self._lock:
            if self._stop_reason is None:
                self._move_to(phase)

    def _move_to(self, secondary_status: str) -> None:
        """Begin the next entry of SecondaryStatusTransitions."""
        with self._lock:
            self._add_transition(secondary_status)
            self._services.changed(self)

    def _add_transition(self, secondary_status: str) -> None:
        now = datetime.now(UTC)
        if self._transitions:
            self._transitions[-1]["EndTime"] = now
        self._secondary_status = secondary_status
        self._transitions.append(
            {
                "Status": secondary_status,
                "StartTime": now,
                "StatusMessage": _STATUS_MESSAGES[secondary_status],
            }
        )
        self.last_modified_time = now

    def _status_changed(self) -> None:
        super()._status_changed()
        stopped = self.status == "Stopped"
        self._move_to((self.stop_reason if stopped else None) or self.status)
        if self.status in ("Completed", "Failed", "Stopped"):
            self._transitions[-1]["EndTime"] = self.last_modified_time
            self._instance_time.end(self.last_modified_time)
            if self._wait_limit is not None:
                self._wait_limit.cancel()

    def _facts(self) -> dict[str, Any]:
        seconds = self._instance_time.whole_seconds() if self.ended.is_set() else None
        return {
            **{flag: self._request.get(flag, False) for flag in _FALSE_BY_DEFAULT},
            "SecondaryStatus": self._secondary_status,
            "SecondaryStatusTransitions": [dict(entry) for entry in self._transitions],
            "ModelArtifacts": self._model_artifacts,
            "FinalMetricDataList": self.metrics.final() or None,
            "TrainingStartTime": self.start_time,
            "TrainingEndTime": self.end_time,
            "TrainingTimeInSeconds": seconds,
            "BillableTimeInSeconds": seconds,
        }
