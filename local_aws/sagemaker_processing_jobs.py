"""CreateProcessingJob: inputs from S3, a command, outputs to S3.

https://docs.aws.amazon.com/sagemaker/latest/dg/build-your-own-processing-container.html
"""

import codecs
from datetime import UTC, datetime
from typing import Any

from moto.sagemaker.exceptions import AWSValidationException

from local_aws.sagemaker_container import ContainerPathError, resource_config
from local_aws.sagemaker_job import Job, JobFailedError
from local_aws.sagemaker_s3 import S3Uri, TransferError, download_prefix, upload_folder

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

    def check(self) -> None:
        """Refuse what cannot be run here, and local paths outside of /opt/ml."""
        if not self._request["AppSpecification"].get("ContainerEntrypoint"):
            raise AWSValidationException(
                "AppSpecification.ContainerEntrypoint is needed: the embedded AWS runs no images, "
                "so it does not know the image's own entry point."
            )
        if self._request["ProcessingResources"]["ClusterConfig"]["InstanceCount"] != 1:
            raise AWSValidationException("The embedded AWS runs processing jobs on 1 instance.")
        for item in self._inputs():
            _check_input(item)
        try:
            for item in [*self._inputs(), *self._outputs()]:
                self.container.path(item["LocalPath"])
                S3Uri.parse(item["S3Uri"])
        except (ContainerPathError, TransferError, KeyError) as error:
            raise AWSValidationException(f"Invalid processing input or output: {error}") from error

    def _inputs(self) -> list[dict[str, Any]]:
        return [item.get("S3Input", {}) for item in self._request.get("ProcessingInputs", [])]

    def _outputs(self) -> list[dict[str, Any]]:
        config = self._request.get("ProcessingOutputConfig", {})
        return [item.get("S3Output", {}) for item in config.get("Outputs", [])]

    def _prepare(self) -> None:
        cluster = self._request["ProcessingResources"]["ClusterConfig"]
        self.container.write_json(
            "/opt/ml/config/processingjobconfig.json",
            {**self._request, "ProcessingJobArn": self.arn},
        )
        self.container.write_json(
            "/opt/ml/config/resourceconfig.json", resource_config(cluster["InstanceType"])
        )
        self.container.make_folder("/opt/ml/output")
        for item in self._outputs():
            self.container.make_folder(item["LocalPath"])
        for item in self._inputs():
            self._download(item)

    def _download(self, item: dict[str, Any]) -> None:
        uri = S3Uri.parse(item["S3Uri"])
        try:
            files = download_prefix(
                self._transfer, uri, self.container.make_folder(item["LocalPath"])
            )
        except TransferError as error:
            raise JobFailedError(f"ClientError: Failed to download data. {error}") from error
        if not files:
            raise JobFailedError(
                f"ClientError: Failed to download data. S3 key: {uri} matched no files on s3"
            )

    def _command(self) -> list[str]:
        application = self._request["AppSpecification"]
        elements = [
            *application["ContainerEntrypoint"],
            *application.get("ContainerArguments", []),
        ]
        self.start_time = self.last_modified_time = datetime.now(UTC)
        self._services.changed(self)
        return self.container.command(elements)

    def _environment(self) -> dict[str, str]:
        return {
            "PROCESSING_JOB_NAME": self.name,
            "PROCESSING_JOB_ARN": self.arn,
            **self._request.get("Environment", {}),
        }

    def _conclude(self, exit_code: int | None) -> None:
        self._exit_message = self._read_message()
        if exit_code is None:
            return
        if exit_code != 0:
            raise JobFailedError("AlgorithmError: See job logs for more information")
        for item in self._outputs():
            folder = self.container.path(item["LocalPath"])
            upload_folder(self._transfer, folder, S3Uri.parse(item["S3Uri"]))

    def _read_message(self) -> str | None:
        """Return the first 1 KB of the message file, or less so that no character is cut."""
        start = self.container.read_start(_MESSAGE, _MESSAGE_LIMIT)
        try:
            return codecs.getincrementaldecoder("utf-8")().decode(start) or None
        except UnicodeDecodeError as error:
            raise JobFailedError(f"ClientError: {_MESSAGE} is not UTF-8 encoded text.") from error

    def _facts(self) -> dict[str, Any]:
        return {
            "ExitMessage": self._exit_message,
            "ProcessingStartTime": self.start_time,
            "ProcessingEndTime": self.end_time,
        }


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
