"""CreateTrainingJob: channels, checkpoints, `train`, and a model archive.

The command is the `train` of AWS's own sagemaker-training toolkit, as in AWS's images.
https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo.html
"""

import re
import threading
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from moto.ecr.exceptions import RepositoryNotFoundException
from moto.sagemaker.exceptions import AWSValidationException

from local_aws import arns
from local_aws.ecr import images
from local_aws.ecr.images import NoImageError
from local_aws.sagemaker import artifacts, spot, tensorflow
from local_aws.sagemaker.checkpoints import Checkpoints
from local_aws.sagemaker.cluster import Ending, Host, resource_config
from local_aws.sagemaker.job import REASON_LIMIT, Job, JobFailedError
from local_aws.sagemaker.job_log import Metrics
from local_aws.sagemaker.refused import images as refused_images
from local_aws.sagemaker.refused import settings as refused_settings
from local_aws.sagemaker.spot import InstanceTime
from local_aws.sagemaker.transfer import S3Uri, TransferDeniedError, TransferError, download_prefix

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

    A spot job that is interrupted starts again in empty containers, as on new instances: what
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
        self._checkpoints: list[Checkpoints] = []  # of each host, if the job has them
        self._interruptible = False
        self._capacity_returns_after: float | None = None  # set while an interruption is due
        self._wait_limit: threading.Timer | None = None
        self._add_transition("Starting")

    @property
    def _image(self) -> str:
        return str(self._request["AlgorithmSpecification"].get("TrainingImage", ""))

    @property
    def _hardware(self) -> dict[str, Any]:
        hardware: dict[str, Any] = self._request["ResourceConfig"]
        return hardware

    def check(self) -> None:
        """Refuse what cannot be run here, expressions that are none, and empty channels."""
        spot.check(self._request)
        refused_images.check_training(self._request)
        refused_settings.check_training(self._request)
        algorithm = self._request["AlgorithmSpecification"]
        try:
            self.metrics = Metrics(algorithm.get("MetricDefinitions", []))
        except re.error as error:
            raise AWSValidationException(f"Invalid regular expression: {error}") from error
        if "InstanceGroups" in self._hardware:
            raise AWSValidationException(
                "InstanceGroups are not supported here; use InstanceType and InstanceCount."
            )
        if self._request["OutputDataConfig"].get("CompressionType", "GZIP") != "GZIP":
            raise AWSValidationException(
                "CompressionType 'NONE' is not supported here; use 'GZIP'."
            )
        self._check_image_is_there()
        for channel in self._channels():
            self._check_channel(channel)

    def _check_image_is_there(self) -> None:
        """Look for the image when the job is created, in the words that AWS was heard to use.

        https://github.com/aws/amazon-sagemaker-examples/issues/2534
        https://github.com/aws/amazon-sagemaker-examples/issues/2450
        """
        try:
            images.check_reference(self._image)
        except (RepositoryNotFoundException, NoImageError) as error:
            image = arns.ecr_image(self._image)
            assert image is not None  # or nothing was looked for
            if isinstance(error, NoImageError):
                tag = "null" if image.digest else image.tag
                found = f"the requested image: {self._image} with tag: {tag} and digest: "
                found += f"{image.digest or 'null'}. Please check if your ECR image"
            else:
                found = f"repository: {image.repository} in registry ID: {image.account} Please "
                found += "check if your ECR repository"
            raise AWSValidationException(
                f"Cannot find {found} exists and role {self.role_arn} has proper pull permissions "
                "for SageMaker: ecr:BatchCheckLayerAvailability, ecr:BatchGetImage, "
                "ecr:GetDownloadUrlForLayer"
            ) from error

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
        seconds = spot.max_wait(self._request)
        if seconds is not None:
            self._wait_limit = self._limit(seconds, "MaxWaitTimeExceeded")

    def interrupt(self, capacity_returns_after: float = 0) -> None:
        """Take the instances away, as AWS does: SIGTERM, and SIGKILL when the grace is over.

        Others come after `capacity_returns_after` seconds. Raises AWSValidationException
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
        for host in self.cluster.hosts:
            self._write_configuration(host)
            for folder in (_MODEL, _OUTPUT_DATA):
                host.container.make_folder(folder)
        try:
            self._download()
        except TransferError as error:
            raise JobFailedError(f"ClientError: Failed to download data. {error}") from error

    def _download(self) -> None:
        for host in self.cluster.hosts:
            for channel in self._channels():
                source = channel["DataSource"]["S3DataSource"]
                target = host.container.make_folder(f"{_INPUT}/data/{channel['ChannelName']}")
                share = self.cluster.share(host, source.get("S3DataDistributionType"))
                download_prefix(self._transfer, S3Uri.parse(source["S3Uri"]), target, share)
        self._checkpoints = self._make_checkpoints()
        for checkpoints in self._checkpoints:
            checkpoints.restore()

    def _write_configuration(self, host: Host) -> None:
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
        resources = resource_config(self._hardware, host.name, self.cluster.names)
        for name, content in (
            ("hyperparameters", self._request.get("HyperParameters", {})),
            ("inputdataconfig", channels),
            ("resourceconfig", resources),
        ):
            host.container.write_json(f"{_INPUT}/config/{name}.json", content)

    def _make_checkpoints(self) -> list[Checkpoints]:
        """Every host has a folder that mirrors the same prefix, as on AWS.

        https://docs.aws.amazon.com/sagemaker/latest/dg/model-checkpoints-resume.html
        """
        config = self._request.get("CheckpointConfig")
        if config is None:
            return []
        inside = _checkpoint_folder(config)
        uri = S3Uri.parse(config["S3Uri"])
        return [
            Checkpoints(self._transfer, host.container.make_folder(inside), uri)
            for host in self.cluster.hosts
        ]

    def _execute(self) -> Ending | None:
        """Run the command, again after each interruption; return what its last run ended with."""
        while True:
            ending = self._run_on_instances()
            with self._lock:
                self._interruptible = False  # from here on the end of the command is what counts
                wait, self._capacity_returns_after = self._capacity_returns_after, None
            if wait is None:
                return ending
            if not self._move_to_new_instances(wait):
                return None

    def _run_on_instances(self) -> Ending | None:
        self._enter("Training")
        tensorflow.connect(self.cluster, self._request.get("HyperParameters", {}))
        with ExitStack() as stack:
            for checkpoints in reversed(self._checkpoints):  # the first host has the last word
                stack.enter_context(checkpoints.mirrored())
            return super()._execute()

    def _launch(self) -> bool:
        with self._lock:
            self._interruptible = super()._launch()
            return self._interruptible

    def _runtime_left(self) -> float:
        """AWS counts the time on all instances, and not the wait between them."""
        return max(0.0, super()._runtime_left() - self._instance_time.seconds())

    def _move_to_new_instances(self, wait: float) -> bool:
        """Wait for instances and set them up; return False if the job was stopped meanwhile."""
        self._instance_time.end(datetime.now(UTC))
        self.cluster.renew()
        if self._stop_asked.wait(wait):
            return False
        self._enter("Starting")
        self._prepare()
        return True

    def _command(self) -> list[str]:
        algorithm = self._request["AlgorithmSpecification"]
        return [
            *algorithm.get("ContainerEntrypoint", ["train"]),
            *algorithm.get("ContainerArguments", []),
        ]

    def _environment(self) -> dict[str, str]:
        # The toolkit waits until the name of every host resolves. Without namespaces algo-1 never
        # does, and this is the toolkit's own switch for that case.
        nameless = {} if self._services.runtime.containers else {"SM_STUDIO_LOCAL_MODE": "True"}
        return {
            "TRAINING_JOB_NAME": self.name,
            "TRAINING_JOB_ARN": self.arn,
            **nameless,
            **self._request.get("Environment", {}),
        }

    def _conclude(self, ending: Ending | None) -> None:
        if ending is not None and ending.exit_code != 0:
            raise JobFailedError(_algorithm_error(ending))
        if ending is not None:
            config = self._request.get("CheckpointConfig")
            self._check_strays(_MODEL, *([_checkpoint_folder(config)] if config else []))
        self._move_to("Uploading")
        output = S3Uri.parse(self._request["OutputDataConfig"]["S3OutputPath"])
        output = output / self.name / "output"
        self._upload_archive(_OUTPUT_DATA, output / "output.tar.gz")
        # A stopped job has 120 seconds in which to save its model "so that the results of training
        # are not lost": AWS uploads that too.
        if self._upload_archive(_MODEL, output / "model.tar.gz", even_empty=ending is not None):
            self._model_artifacts = {"S3ModelArtifacts": str(output / "model.tar.gz")}

    def _upload_archive(self, inside: str, uri: S3Uri, *, even_empty: bool = False) -> bool:
        folders = [host.container.path(inside) for host in self.cluster.hosts]
        if not even_empty and not artifacts.has_files(folders):
            return False
        archive = self.cluster.hosts[0].container.root / "tmp" / Path(uri.key).name
        try:
            artifacts.pack(folders, archive)
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
            # Always there, as in https://docs.aws.amazon.com/cli/latest/reference/sagemaker/describe-training-job.html
            "OutputDataConfig": {"KmsKeyId": "", **self._request["OutputDataConfig"]},
            "SecondaryStatus": self._secondary_status,
            "SecondaryStatusTransitions": [dict(entry) for entry in self._transitions],
            "ModelArtifacts": self._model_artifacts,
            "FinalMetricDataList": self.metrics.final() or None,
            "TrainingStartTime": self.start_time,
            "TrainingEndTime": self.end_time,
            "TrainingTimeInSeconds": seconds,
            "BillableTimeInSeconds": seconds,
        }


def _checkpoint_folder(config: dict[str, Any]) -> str:
    return config.get("LocalPath") or "/opt/ml/checkpoints"


def _algorithm_error(ending: Ending) -> str:
    said = ending.host.container.read_start(_FAILURE, 4 * REASON_LIMIT).decode("utf-8", "replace")
    return f"AlgorithmError: {said[:REASON_LIMIT].strip()}, exit code: {ending.exit_code}"
