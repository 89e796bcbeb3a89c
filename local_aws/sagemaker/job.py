"""A SageMaker job that really runs: what every kind of job has in common."""

import copy
import logging
import re
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from moto.ecr.exceptions import RepositoryNotFoundException
from moto.sagemaker.exceptions import AWSValidationException
from moto.sagemaker.utils import arn_formatter

from local_aws import arns
from local_aws.containers import strays
from local_aws.ecr import images
from local_aws.ecr.images import NoImageError
from local_aws.iam import sessions
from local_aws.iam.authorization import AccessDeniedError, allows, check
from local_aws.iam.policies import Request
from local_aws.iam.sessions import Session
from local_aws.logs.role_log import RoleLog
from local_aws.requests import eventual
from local_aws.sagemaker import artifacts
from local_aws.sagemaker.cluster import Cluster, Ending, Host, PutEvents, after
from local_aws.sagemaker.container import OPT_ML, ContainerPathError, Runtime
from local_aws.sagemaker.job_log import Metrics
from local_aws.sagemaker.transfer import Transfer, TransferError

REASON_LIMIT = 1024
UNDER_WAY = ("InProgress", "Stopping")
_INTERNAL_ERROR = "InternalServerError: We encountered an internal error. Please try again."
_INTERRUPTED = "InternalServerError: the embedded AWS ended while the job was running"
_DEFAULT_MAX_RUNTIME = 86400

_log = logging.getLogger(__name__)


_CONNECTING = (
    "CreateNetworkInterface",
    "CreateNetworkInterfacePermission",
    "DeleteNetworkInterface",
    "DeleteNetworkInterfacePermission",
    "DescribeNetworkInterfaces",
    "DescribeVpcs",
    "DescribeDhcpOptions",
    "DescribeSubnets",
    "DescribeSecurityGroups",
)


# Families of instances with disks of their own, as far as SageMaker has them for jobs:
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/InstanceStorage.html
_OWN_DISKS = re.compile(r"ml\.(g[4-9](?!g)|gr\d|p3dn|p[4-9]|trn\d|[a-z]+\d+[a-z]*d)")


class JobFailedError(Exception):
    """The job ends as Failed; the text is its FailureReason."""


@dataclass(frozen=True)
class Services:
    """What a job needs of the server that it runs in.

    `sdk_variables` keep SDKs at `endpoint`. `stop_grace_seconds` lie between SIGTERM and SIGKILL.
    `changed(job)` has the job saved, `tell_metrics(job)` tells CloudWatch of its metrics.
    """

    endpoint: str
    sdk_variables: Mapping[str, str]
    jobs_folder: Path
    runtime: Runtime
    transfer: Callable[[Session], Transfer]
    stop_grace_seconds: float
    changed: "Callable[[Job], None]"
    tell_metrics: "Callable[[Job], None]"


class Job(ABC):
    """One job from its creation to its end, which `ended` announces.

    The status moves from InProgress, perhaps over Stopping, to Completed, Failed or Stopped, and
    then never again.
    """

    title: ClassVar[str]  # as in `TrainingJobName`
    arn_type: ClassVar[str]
    log_group: ClassVar[str]
    # What is saved of a job beside its request: everything but threads and processes.
    progress: ClassVar[tuple[str, ...]] = (
        "tags",
        "status",
        "failure_reason",
        "creation_time",
        "last_modified_time",
        "start_time",
        "end_time",
        "metrics",
        "_stop_reason",
    )

    def __init__(
        self, request: dict[str, Any], *, account: str, region: str, services: Services
    ) -> None:
        self.name: str = request[f"{self.title}Name"]
        self.arn = arn_formatter(self.arn_type, self.name, account, region)
        self.role_arn: str = request["RoleArn"]
        self.tags: list[dict[str, str]] = request.pop("Tags", [])
        self.status = "InProgress"
        self.failure_reason: str | None = None
        self.creation_time = self.last_modified_time = datetime.now(UTC)
        self.start_time: datetime | None = None
        self.end_time: datetime | None = None
        self.ended = threading.Event()
        self.metrics = Metrics([])
        self._request = request
        self._account = account
        self._region = region
        self._services = services
        self._lock = threading.RLock()
        self._stop_reason: str | None = None
        self._stopped_at = 0.0  # not before: seconds since 1970
        self._stop_asked = threading.Event()
        self._launched = 0.0  # seconds since 1970
        self._runtime_limit: threading.Timer | None = None
        self.cluster = Cluster(
            services.jobs_folder / self.name,
            services.runtime,
            self._hardware.get("InstanceCount", 1),
        )

    @property
    def _session(self) -> Session:
        return _session_of(self.role_arn)

    @property
    def _transfer(self) -> Transfer:
        return self._services.transfer(self._session)

    def describe(self) -> dict[str, Any]:
        """Return what Describe answers: the request, and how the job fares."""
        with self._lock:
            description = {
                **self._request,
                f"{self.title}Arn": self.arn,
                f"{self.title}Status": self.status,
                "CreationTime": self.creation_time,
                "LastModifiedTime": self.last_modified_time,
                "FailureReason": self.failure_reason,
                **self._facts(),
            }
        return {key: value for key, value in description.items() if value is not None}

    def saved(self) -> dict[str, Any]:
        """Return the job as plain data: `restore` gives them to a new job of the same request."""
        with self._lock:
            progress = {name: getattr(self, name) for name in self.progress}
            folder = self.cluster.folder.name
            return copy.deepcopy({"request": self._request, "folder": folder, "progress": progress})

    def restore(self, saved: dict[str, Any]) -> None:
        """Be the job that was saved, as far as it had come."""
        for name, value in saved["progress"].items():
            setattr(self, name, value)
        self.cluster = self.cluster.named(saved["folder"])
        if self.status not in UNDER_WAY:
            self.ended.set()

    def end_interrupted(self) -> None:
        """Finish what the end of the server kept a restored job from, as if its host had failed."""
        if self.status in UNDER_WAY:
            self.cluster.remove_unfinished()
            self._end("Failed", _INTERRUPTED)
        elif self.status == "Completed":
            self.cluster.discard()

    def start(self) -> None:
        """Run the job in a thread of its own."""
        self._services.changed(self)
        threading.Thread(target=self._run, name=self.name, daemon=True).start()

    def stop(self, reason: str = "Stopped") -> None:
        """Send SIGTERM to the job's processes, and SIGKILL when the time of grace is over.

        Raises AWSValidationException for a job that has ended.
        """
        with self._lock:
            if self.ended.is_set():
                raise AWSValidationException(
                    f"The request was rejected because the {self.arn_type.replace('-', ' ')} "
                    f"is in status {self.status}."
                )
            if self._stop_reason is not None:
                return
            self._stop_reason = reason
            self._stopped_at = time.time() + eventual.seconds("lasting")
            self._stop_asked.set()
            self.status = "Stopping"
            self._status_changed()
            self._terminate()

    def kill(self) -> None:
        """End the job's processes at once: the server goes away."""
        with self._lock:
            self._stop_reason = self._stop_reason or "Stopped"
            self._stop_asked.set()
            self.cluster.kill()

    @property
    @abstractmethod
    def _image(self) -> str:
        """The image that the containers are made from."""

    @property
    @abstractmethod
    def _hardware(self) -> dict[str, Any]:
        """The part of the request that says which instances, and how many."""

    @abstractmethod
    def check(self) -> None:
        """Raise AWSValidationException for a request that AWS, or this embedded AWS, refuses."""

    @abstractmethod
    def _prepare(self) -> None:
        """Write the configuration of every host and bring its inputs."""

    @abstractmethod
    def _command(self) -> list[str]:
        """Return the command that every container runs, with paths as they are inside."""

    @abstractmethod
    def _environment(self) -> dict[str, str]:
        """Return the variables that this kind of job has beside those that every job has."""

    @abstractmethod
    def _conclude(self, ending: Ending | None) -> None:
        """Take the outputs home; raise JobFailedError for a job that failed.

        `ending` is None for a job that was stopped.
        """

    def _facts(self) -> dict[str, Any]:
        """Return the part of the description that only this kind of job has."""
        return {}

    def _status_changed(self) -> None:
        """Note the new `status`; `stop_reason` says more of one that is being stopped."""
        self.last_modified_time = datetime.now(UTC)
        self._services.changed(self)

    @property
    def stop_reason(self) -> str | None:
        """Why the job was stopped, `Stopped` or the limit that it exceeded; None if it was not."""
        return self._stop_reason

    def _run(self) -> None:
        try:
            self.cluster.create()
            self._check_image()
            self._check_network()
            self._check_key()
            self._prepare()
            self._conclude(self._execute())
            self._end("Completed")
        except JobFailedError as failure:
            self._end("Failed", str(failure))
        except (TransferError, ContainerPathError) as error:
            self._end("Failed", f"ClientError: {error}")
        except Exception:
            _log.exception("%s", self.arn)
            self._end("Failed", _INTERNAL_ERROR)

    def _check_image(self) -> None:
        """Hold the role to what it takes to pull the image, though no image is pulled here.

        The image has to be there. What a processing job says that finds none is from
        https://github.com/aws-samples/amazon-sagemaker-tensorflow-object-detection-api/issues/14

        https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html#sagemaker-roles-createtrainingjob-perms
        """
        try:
            for request in _pulling(self._image, self._session.partition):
                check(self._session, request)
            images.check_reference(self._image)
        except AccessDeniedError as error:
            raise JobFailedError(f"ClientError: Cannot pull image {self._image}: {error}") from (
                error
            )
        except (RepositoryNotFoundException, NoImageError) as error:
            raise JobFailedError(
                f"ClientError: API error (404): manifest for {self._image} not found: manifest "
                "unknown: Requested image not found"
            ) from error

    def _check_network(self) -> None:
        """Hold the role to what it takes to connect to a VPC, though there is no network here.

        The actions are AWS's list; that a job fails so without one, and its words, are believed.
        https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html#sagemaker-roles-createtrainingjob-perms
        """
        network = self._request.get("NetworkConfig", self._request)
        if not network.get("VpcConfig"):
            return
        try:
            for action in _CONNECTING:
                check(self._session, Request(f"ec2:{action}", "*"))
        except AccessDeniedError as error:
            raise JobFailedError(f"ClientError: Cannot connect to the VPC: {error}") from error

    def check_volume(self) -> None:
        """Raise AWSValidationException for a volume's key where instances have disks of their own.

        That it is refused is AWS's documentation, in which words is not:
        https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ResourceConfig.html
        """
        instance_type = str(self._hardware.get("InstanceType", ""))
        if self._hardware.get("VolumeKmsKeyId") and _OWN_DISKS.match(instance_type):
            raise AWSValidationException(
                f"VolumeKmsKeyId cannot be requested for the instance type {instance_type}, which "
                "has local storage"
            )

    def _check_key(self) -> None:
        """Hold the role to what encrypting its volume takes; AWS's words are not known.

        https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html#sagemaker-roles-createtrainingjob-perms
        """
        key = self._hardware.get("VolumeKmsKeyId")
        try:
            if key:
                check(self._session, Request("kms:CreateGrant", key))
        except AccessDeniedError as error:
            raise JobFailedError(f"ClientError: Cannot encrypt the volume: {error}") from error

    def _check_metrics(self) -> None:
        """Metrics go to CloudWatch with the job's role; those that may not are not told at all."""
        namespace = {"cloudwatch:namespace": [self.log_group]}
        if self.metrics and not allows(self._session, "cloudwatch:PutMetricData", keys=namespace):
            self.metrics = Metrics([])

    def _execute(self) -> Ending | None:
        """Run the command on every host to its end; return how, None if the job was stopped."""
        try:
            if not self._launch():
                return None
            self._check_metrics()
            ending = self.cluster.follow(self._put_events, self.metrics)
            self._services.tell_metrics(self)
        finally:
            self.cluster.kill()
            if self._runtime_limit is not None:
                self._runtime_limit.cancel()
        return None if self._stop_reason else ending

    def _launch(self) -> bool:
        """Start the command on every host, unless the job was stopped before."""
        with self._lock:
            if self._stop_reason is not None:
                return False
            self._launched = time.time()
            for host in self.cluster.hosts:
                variables = host.container.environment(
                    self._services.endpoint,
                    self._region,
                    {**self._services.sdk_variables, **self._session.variables()},
                )
                command = host.container.command(self._command())
                host.launch(command, {**variables, **host.variables, **self._environment()})
            self._runtime_limit = self._limit(self._runtime_left(), "MaxRuntimeExceeded")
            return True

    def _check_strays(self, *outputs: str) -> None:
        """Raise JobFailedError if an output is empty because the script wrote elsewhere.

        Without namespaces a script that names /opt/ml writes to this machine's own, if it may.
        """
        if self._services.runtime.containers is not None:
            return
        hosts = self.cluster.hosts
        empty = [
            inside
            for inside in outputs
            if not artifacts.has_files([host.container.path(inside) for host in hosts])
        ]
        stray = strays.written_since(Path(OPT_ML), self._launched) if empty else None
        if stray is not None:
            raise JobFailedError(
                f"ClientError: {empty[0]} is empty, and {stray} was written on the machine of the "
                f"embedded AWS: that {OPT_ML} is not the job's, because namespaces are forbidden "
                "there. `retrain doctor` says how to allow them. Without them a script finds the "
                "job's folder in SAGEMAKER_BASE_DIR."
            )

    def _runtime_left(self) -> float:
        """Return how many seconds the command may run."""
        condition = self._request.get("StoppingCondition", {})
        return float(condition.get("MaxRuntimeInSeconds", _DEFAULT_MAX_RUNTIME))

    def _limit(self, seconds: float, reason: str) -> threading.Timer:
        """Return the running timer that will stop the job, unless it has ended by then."""

        def stop() -> None:
            with suppress(AWSValidationException):
                self.stop(reason)

        return after(seconds, stop)

    def _terminate(self) -> None:
        self.cluster.terminate(self._services.stop_grace_seconds)

    def _put_events(self, host: Host) -> PutEvents:
        """Return what writes log events to the host's own stream."""
        stream = f"{self.name}/{host.name}-{int(time.time())}"
        also = ("DescribeLogStreams",)
        return RoleLog(self._session, self._region, self.log_group, stream, also=also).put

    def _end(self, status: str, reason: str | None = None) -> None:
        """Give the job its one terminal status; a stopped job is Stopped however it ended."""
        eventual.wait_until(self._stopped_at)
        with self._lock:
            if self.ended.is_set():
                return
            if self._stop_reason is not None:
                status, reason = "Stopped", None
            self.status = status
            self.failure_reason = reason[:REASON_LIMIT] if reason else None
            self._status_changed()
            self.end_time = self.last_modified_time
            self.ended.set()
        if status == "Completed":
            self.cluster.discard()


@cache
def _session_of(role_arn: str) -> Session:
    """Return the role at work for all jobs that have it, under the name that AWS gives every job.

    One for all: the server remembers jobs for ever, and would keep a client of S3 with each.
    """
    return sessions.issue(role_arn, "SageMaker")


def _pulling(image: str, partition: str) -> Iterator[Request]:
    """Yield what it takes to pull an image of ECR; nothing for one that lies elsewhere."""
    repository = arns.repository_of(image, partition)
    if repository is None:
        return
    yield Request("ecr:GetAuthorizationToken", "*")
    for action in ("BatchCheckLayerAvailability", "GetDownloadUrlForLayer", "BatchGetImage"):
        yield Request(f"ecr:{action}", repository)
