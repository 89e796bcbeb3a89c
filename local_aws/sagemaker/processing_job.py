"""CreateProcessingJob: inputs from S3, a command, outputs to S3.

https://docs.aws.amazon.com/sagemaker/latest/dg/build-your-own-processing-container.html
"""

import codecs
from datetime import UTC, datetime
from typing import Any

from moto.sagemaker.exceptions import AWSValidationException

from local_aws.sagemaker.cluster import Ending, Host, resource_config
from local_aws.sagemaker.container import ContainerPathError, checked_path
from local_aws.sagemaker.job import Job, JobFailedError
from local_aws.sagemaker.refused import images as refused_images
from local_aws.sagemaker.transfer import S3Uri, TransferError, download_prefix, upload_folder

_MESSAGE = "/opt/ml/output/message"
_MESSAGE_LIMIT = 1024


class ProcessingJob(Job):
    """One processing job.

    Outputs of either upload mode go to S3 when the command has succeeded: with `Continuous` AWS
    would also copy them while it runs.
    """

    title = "ProcessingJob"
    arn_type = "processing-job"
    log_group = "/aws/sagemaker/ProcessingJobs"
    progress = (*Job.progress, "_exit_message")

    _exit_message: str | None = None

    @property
    def _image(self) -> str:
        return str(self._request["AppSpecification"]["ImageUri"])

    @property
    def _hardware(self) -> dict[str, Any]:
        hardware: dict[str, Any] = self._request["ProcessingResources"]["ClusterConfig"]
        return hardware

    def check(self) -> None:
        """Refuse what cannot be run here, and local paths outside of /opt/ml."""
        refused_images.check_processing(self._request)
        for item in self._inputs():
            _check_input(item)
        try:
            for item in [*self._inputs(), *self._outputs()]:
                checked_path(item["LocalPath"])
                S3Uri.parse(item["S3Uri"])
        except (ContainerPathError, TransferError, KeyError) as error:
            raise AWSValidationException(f"Invalid processing input or output: {error}") from error

    def _inputs(self) -> list[dict[str, Any]]:
        return [item.get("S3Input", {}) for item in self._request.get("ProcessingInputs", [])]

    def _outputs(self) -> list[dict[str, Any]]:
        config = self._request.get("ProcessingOutputConfig", {})
        return [item.get("S3Output", {}) for item in config.get("Outputs", [])]

    def _prepare(self) -> None:
        for host in self.cluster.hosts:
            self._write_configuration(host)
            host.container.make_folder("/opt/ml/output")
            for item in self._outputs():
                host.container.make_folder(item["LocalPath"])
        for item in self._inputs():
            self._download(item)

    def _write_configuration(self, host: Host) -> None:
        for name, content in (
            ("processingjobconfig", {**self._request, "ProcessingJobArn": self.arn}),
            ("resourceconfig", resource_config(self._hardware, host.name, self.cluster.names)),
        ):
            host.container.write_json(f"/opt/ml/config/{name}.json", content)

    def _download(self, item: dict[str, Any]) -> None:
        """Bring the input to every host: all of it or, sharded by key, a share, maybe an empty one.

        https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProcessingS3Input.html
        """
        uri = S3Uri.parse(item["S3Uri"])
        files = []
        try:
            for host in self.cluster.hosts:
                share = self.cluster.share(host, item.get("S3DataDistributionType"))
                folder = host.container.make_folder(item["LocalPath"])
                files += download_prefix(self._transfer, uri, folder, share)
        except TransferError as error:
            raise JobFailedError(f"ClientError: Failed to download data. {error}") from error
        if not files:
            raise JobFailedError(
                f"ClientError: Failed to download data. S3 key: {uri} matched no files on s3"
            )

    def _command(self) -> list[str]:
        application = self._request["AppSpecification"]
        return [*application["ContainerEntrypoint"], *application.get("ContainerArguments", [])]

    def _launch(self) -> bool:
        with self._lock:
            if self._stop_reason is None:
                self.start_time = self.last_modified_time = datetime.now(UTC)
                self._services.changed(self)
            return super()._launch()

    def _environment(self) -> dict[str, str]:
        return {
            "PROCESSING_JOB_NAME": self.name,
            "PROCESSING_JOB_ARN": self.arn,
            **self._request.get("Environment", {}),
        }

    def _conclude(self, ending: Ending | None) -> None:
        self._exit_message = _read_message(ending.host if ending else self.cluster.hosts[0])
        if ending is None:
            return
        if ending.exit_code != 0:
            raise JobFailedError("AlgorithmError: See job logs for more information")
        self._check_strays(*(item["LocalPath"] for item in self._outputs()))
        for host in self.cluster.hosts:  # all to the same place: of equal names the last one stays
            for item in self._outputs():
                folder = host.container.path(item["LocalPath"])
                upload_folder(self._transfer, folder, S3Uri.parse(item["S3Uri"]))

    def _facts(self) -> dict[str, Any]:
        return {
            "ExitMessage": self._exit_message,
            "ProcessingStartTime": self.start_time,
            "ProcessingEndTime": self.end_time,
        }


def _read_message(host: Host) -> str | None:
    """Return the first 1 KB of the message file, or less so that no character is cut."""
    start = host.container.read_start(_MESSAGE, _MESSAGE_LIMIT)
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(start) or None
    except UnicodeDecodeError as error:
        raise JobFailedError(f"ClientError: {_MESSAGE} is not UTF-8 encoded text.") from error


def _check_input(item: dict[str, Any]) -> None:
    for option, supported in (
        ("S3DataType", "S3Prefix"),
        ("S3InputMode", "File"),
        ("S3CompressionType", "None"),
    ):
        value = item.get(option, supported)
        if value != supported:
            raise AWSValidationException(
                f"{option} {value!r} is not supported by the embedded AWS; use {supported!r}."
            )
