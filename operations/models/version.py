"""Everything that explains one model version: the decision, and the way back to what made it.

The registry names the run's evaluation; beside it lie the run's plan and decision. Jobs are found
by the run's id, so every attempt is, also when Step Functions has forgotten the execution.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, ParamValidationError

from lambdas.boundary.s3_objects import split_uri
from lambdas.boundary.text import one_line, printable
from lambdas.gate.metrics import LARGEST, is_number
from lambdas.runs import files as run_files
from operations.executions.view import JOB_LOG_GROUPS
from operations.models import registry
from operations.models.registry import Version
from operations.run_files import decision as decision_file
from operations.run_files import evaluation as evaluation_file
from operations.run_files import plan as plan_file
from operations.run_files.decision import Decision
from operations.run_files.evaluation import Evaluation
from operations.run_files.plan import Data, Plan
from state_machine.artifacts.bundle import ARCHIVE

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient

STEPS = ("preprocess", "train", "evaluate")


@dataclass(frozen=True)
class Entry:
    """What the registry itself tells of a version.

    `approval` is who approved or rejected it and why, `metadata` what the gate wrote down.
    """

    version: Version
    approval: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    model_uri: str | None = None
    evaluation_uri: str | None = None
    run_uri: str | None = None

    @property
    def run_id(self) -> str | None:
        """The run that registered the version."""
        return self.metadata.get("run_id")

    @property
    def execution_arn(self) -> str | None:
        """The execution that registered the version."""
        return self.metadata.get("execution_arn")

    @property
    def decision(self) -> str | None:
        """What the gate decided."""
        return self.metadata.get("decision")

    @property
    def accuracy(self) -> float | None:
        """The accuracy on the run's test set; None if nobody wrote it down, or no number."""
        try:
            accuracy = float(self.metadata["metric.accuracy"])
        except (KeyError, ValueError):
            return None
        return accuracy if is_number(accuracy, -LARGEST, LARGEST) else None

    def as_json(self, champion: bool) -> dict[str, Any]:
        """One object for machines; `champion` says whether the version is it."""
        return {
            "model_package_arn": self.version.arn,
            "model_package_group": self.version.group,
            "version": self.version.number,
            "created": self.version.created.isoformat(),
            "status": self.version.status,
            "champion": champion,
            "approval": self.approval,
            "accuracy": self.accuracy,
            "decision": self.decision,
            "run_id": self.run_id,
            "execution_arn": self.execution_arn,
            "run": self.run_uri,
            "model": self.model_uri,
            "evaluation": self.evaluation_uri,
        }


@dataclass(frozen=True)
class DataFile:
    """One object of a data set, as exactly as S3 can name it."""

    bucket: str
    key: str
    version_id: str
    etag: str
    size: int  # bytes

    @property
    def name(self) -> str:
        """The last part of the key."""
        return self.key.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class JobRecord:
    """One attempt at a job of a run. The names of its log streams begin with the job's."""

    name: str
    status: str
    created: datetime
    log_group: str

    @property
    def log_stream_prefix(self) -> str:
        """What the names of its log streams begin with."""
        return f"{self.name}/"

    @property
    def log_command(self) -> str:
        """What to type to read its log."""
        since = self.created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return (
            f"aws logs tail {self.log_group} --since {since} "
            f"--log-stream-name-prefix {self.log_stream_prefix}"
        )

    def as_json(self) -> dict[str, Any]:
        """One object for machines."""
        created = self.created.isoformat()
        return {**asdict(self), "created": created, "log_stream_prefix": self.log_stream_prefix}


@dataclass(frozen=True)
class ModelVersion:
    """A version with its run: what run.json, decision.json and evaluation.json say, and the jobs.

    What cannot be had is empty, and `problems` says why, a line each. `evaluation` is None where
    there is none.
    """

    entry: Entry
    plan: Plan = field(default_factory=Plan)
    decision: Decision = field(default_factory=Decision)
    evaluation: Evaluation | None = None
    jobs: tuple[JobRecord, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def metrics(self) -> dict[str, float]:
        """The metrics that are one number."""
        evaluated = self.evaluation.metrics if self.evaluation else {}
        return evaluated or self.decision.metrics

    @property
    def dataset(self) -> Data:
        """Name, fingerprint and copy of the data; of an entry without its run, what is known."""
        metadata = self.entry.metadata
        known = Data(metadata.get("dataset"), metadata.get("dataset_fingerprint"))
        return known if self.plan.dataset == Data() else self.plan.dataset

    @property
    def files(self) -> tuple[DataFile, ...]:
        """The exact objects that were uploaded."""
        try:
            bucket, _ = split_uri(self.dataset.uploaded_to or "")
        except ValueError:
            return ()
        return tuple(DataFile(bucket=bucket, **asdict(found)) for found in self.dataset.files)

    @property
    def code(self) -> dict[str, str | None]:
        """The digest of the code bundle, and where its archive is."""
        folder = self.plan.code_uri
        return {
            "sha256": self.plan.code_sha256 or self.entry.metadata.get("code_sha256"),
            "archive": folder and f"{folder}{ARCHIVE}",
        }

    @property
    def hyperparameters(self) -> dict[str, str]:
        """What the model was trained with."""
        prefix = "hyperparameter."
        known = {
            name.removeprefix(prefix): value
            for name, value in self.entry.metadata.items()
            if name.startswith(prefix)
        }
        return self.plan.hyperparameters or known

    @property
    def preprocessing(self) -> dict[str, str]:
        """How the data was split."""
        return self.plan.preprocessing

    @property
    def reused(self) -> dict[str, str]:
        """The steps that an earlier run has computed, with that run's id."""
        return self.plan.reused

    @property
    def report_uri(self) -> str | None:
        """Where the report for people is."""
        return self.plan.report_uri

    def as_json(self, champion: bool) -> dict[str, Any]:
        """One object for machines: the entry's, with what the run tells."""
        return {
            **self.entry.as_json(champion),
            "decision": asdict(self.decision),
            "metrics": self.metrics,
            "dataset": {
                "name": self.dataset.name,
                "fingerprint": self.dataset.fingerprint,
                "copy": self.dataset.s3_uri,
                "files": [asdict(file) for file in self.files],
            },
            "code": self.code,
            "hyperparameters": self.hyperparameters,
            "preprocessing": self.preprocessing,
            "jobs": [job.as_json() for job in self.jobs],
            "reused": self.reused,
            "report": self.report_uri,
            "problems": list(self.problems),
        }


def read_entry(sagemaker: "SageMakerClient", version: Version) -> Entry:
    """Ask the registry for a version. Its texts are others' too: they are printable here."""
    package = registry.described(sagemaker, version.arn)
    properties = package.get("CustomerMetadataProperties", {})
    metadata = {printable(name): printable(value) for name, value in properties.items()}
    containers = package.get("InferenceSpecification", {}).get("Containers", [])
    models = (container["ModelDataUrl"] for container in containers if "ModelDataUrl" in container)
    return Entry(
        version=version,
        approval=printable(package.get("ApprovalDescription") or ""),
        metadata=metadata,
        model_uri=_uri(next(models, None)),
        evaluation_uri=_uri(run_files.evaluation_uri(package)),
        run_uri=_uri(run_files.run_uri(package)),
    )


def read(sagemaker: "SageMakerClient", s3: "S3Client", version: Version) -> ModelVersion:
    """Ask the registry, S3 and SageMaker for all that is to be known of a version."""
    entry = read_entry(sagemaker, version)
    run = entry.run_uri
    problems: list[str] = []
    plan = _file(s3, run and f"{run}/run.json", problems)
    decision = _file(s3, run and f"{run}/decision.json", problems)
    evaluation = _file(s3, entry.evaluation_uri, problems)
    decided = decision_file.read(decision, problems)
    problems.extend(contradictions(entry, decided))
    return ModelVersion(
        entry=entry,
        plan=plan_file.read(plan, problems),
        decision=decided,
        evaluation=None if evaluation is None else evaluation_file.read(evaluation, problems),
        jobs=tuple(_jobs(sagemaker, entry.run_id)) if entry.run_id else (),
        problems=tuple(problems),
    )


def contradictions(entry: Entry, decision: Decision) -> Iterator[str]:
    """Yield a line for each thing that decision.json says otherwise than the registry.

    The registry was told once, by the execution; a file of the bucket may be written again.
    """
    counts = "the registry's word counts"
    registered = entry.decision
    if None not in (registered, decision.decision) and registered != decision.decision:
        yield f"decision.json says {decision.decision}, the registry {registered}: {counts}"
    for name, value in decision.metrics.items():
        told = entry.metadata.get(f"metric.{name}")
        if told is not None and not _is(value, told):
            yield f"decision.json has {name} = {value}, the registry {told}: {counts}"


def _is(value: float, text: str) -> bool:
    try:
        return float(text) == value
    except ValueError:
        return False


def _file(s3: "S3Client", uri: str | None, problems: list[str]) -> dict[str, Any] | None:
    """Read a JSON object; where there is none, `problems` takes a line."""
    if uri is None:
        return None
    try:
        found = run_files.read(s3, uri)
    except (ValueError, ClientError, ParamValidationError) as error:
        # The registry may name an object that one may not read, or what no bucket can be called.
        problems.append(one_line(str(error) if uri in str(error) else f"{uri}: {error}"))
        return None
    if found is None:
        problems.append(f"{uri} is not there")
    return found


def _uri(found: str | None) -> str | None:
    return None if found is None else printable(found)


def _jobs(sagemaker: "SageMakerClient", run_id: str) -> list[JobRecord]:
    """Every attempt at a job of the run, in the order of their creation."""
    processing = sagemaker.get_paginator("list_processing_jobs").paginate(NameContains=run_id)
    training = sagemaker.get_paginator("list_training_jobs").paginate(NameContains=run_id)
    summaries: list[tuple[str, Any]] = [
        *(("ProcessingJob", job) for page in processing for job in page["ProcessingJobSummaries"]),
        *(("TrainingJob", job) for page in training for job in page["TrainingJobSummaries"]),
    ]
    jobs = [
        JobRecord(
            name=job[f"{kind}Name"],
            status=job[f"{kind}Status"],
            created=job["CreationTime"],
            log_group=JOB_LOG_GROUPS[f"{kind}Name"],
        )
        for kind, job in summaries
        if job[f"{kind}Name"].startswith(tuple(f"{run_id}-{step}-" for step in STEPS))
    ]
    return sorted(jobs, key=lambda job: job.created)
