"""Results of steps that were run before, for a run whose step would compute the same.

PrepareRun enters each run that is to compute a step in ``steps/<key>.json``. The entry says where
to look. What counts is SageMaker's record, which no job can write: a Completed job of such a run
that was given this very key. And what it wrote must be there as it wrote it.
"""

import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from lambdas.boundary import archives
from lambdas.boundary.s3_objects import put_json, split_uri
from lambdas.reuse.keys import PREPROCESS, TRAIN, VARIABLE
from lambdas.runs import files
from lambdas.runs.input import RUN_ID

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient

log = logging.getLogger(__name__)

PREFIX = "steps/"
MOST_RUNS = 3  # in an entry: those before the newest are for when that one fails
CLOCKS = timedelta(minutes=1)  # by how much S3's and SageMaker's clocks may differ


class NoResultError(Exception):
    """There is nothing to reuse; says why, in one line."""


@dataclass(frozen=True)
class Result:
    """What a step of the run ``run_id`` left: its folder, and ``job`` as its state tells of it."""

    run_id: str
    folder: str  # s3://<bucket>/runs/<run_id>/preprocessing, or training
    job: Mapping[str, Any]


@dataclass(frozen=True)
class Results:
    """The results of one bucket's runs."""

    s3: "S3Client"
    sagemaker: "SageMakerClient"
    bucket: str

    def enter(self, key: str, run_id: str) -> None:
        """Enter a run that is to compute the step with this key, before those that were to."""
        others = (other for other in self._runs(key) if other != run_id)
        put_json(self.s3, self._entry(key), {"runs": [run_id, *others][:MOST_RUNS]})

    def find(self, step: str, key: str, *, besides: str) -> Result:
        """Return what the newest run but ``besides`` has left of a step with this key.

        Raises NoResultError, with what stands against the newest where there are some.
        """
        look = {PREPROCESS: self._preprocessing, TRAIN: self._training}[step]
        problems = []
        for run_id in self._runs(key):
            if run_id == besides:
                continue
            try:
                return look(run_id, key)
            except NoResultError as error:
                problems.append(str(error))
        raise NoResultError(problems[0] if problems else "not computed before")

    def _preprocessing(self, run_id: str, key: str) -> Result:
        folder = f"s3://{self.bucket}/runs/{run_id}/preprocessing"
        job = self._processing_job(run_id, key)
        outputs = [o["S3Output"]["S3Uri"] for o in job["ProcessingOutputConfig"]["Outputs"]]
        written = (job["ProcessingStartTime"], job["ProcessingEndTime"])
        self._check(folder, [f"{output}/" for output in outputs], *written)
        cluster = job["ProcessingResources"]["ClusterConfig"]
        return Result(run_id, folder, _reused(run_id, job["ProcessingJobName"], cluster))

    def _training(self, run_id: str, key: str) -> Result:
        folder = f"s3://{self.bucket}/runs/{run_id}/training"
        job = self._training_job(run_id, key)
        output = f"{folder}/{job['TrainingJobName']}/output"
        model = job["ModelArtifacts"]["S3ModelArtifacts"]
        self._check(output, [model], job["TrainingStartTime"], job["TrainingEndTime"])
        told = _reused(run_id, job["TrainingJobName"], job["ResourceConfig"])
        return Result(run_id, folder, told | {"model_data_url": model})

    def _entry(self, key: str) -> str:
        return f"s3://{self.bucket}/{PREFIX}{key}.json"

    def _runs(self, key: str) -> list[str]:
        """Return the ids of the runs in an entry, newest first; none of one that is malformed."""
        try:
            entry = files.read(self.s3, self._entry(key)) or {}
        except ValueError as error:
            log.warning("no entry", extra={"problem": str(error)})
            entry = {}
        runs = entry.get("runs")
        found = runs if isinstance(runs, list) else []
        return [r for r in found if isinstance(r, str) and re.fullmatch(RUN_ID, r)][:MOST_RUNS]

    def _processing_job(self, run_id: str, key: str) -> Mapping[str, Any]:
        begin = _names(run_id, PREPROCESS)
        pages = self.sagemaker.get_paginator("list_processing_jobs").paginate(
            NameContains=begin, StatusEquals="Completed"
        )
        names = (s["ProcessingJobName"] for page in pages for s in page["ProcessingJobSummaries"])
        describe = self.sagemaker.describe_processing_job
        jobs = (describe(ProcessingJobName=name) for name in names if name.startswith(begin))
        return _of_key(key, jobs, run_id)

    def _training_job(self, run_id: str, key: str) -> Mapping[str, Any]:
        begin = _names(run_id, TRAIN)
        pages = self.sagemaker.get_paginator("list_training_jobs").paginate(
            NameContains=begin, StatusEquals="Completed"
        )
        names = (s["TrainingJobName"] for page in pages for s in page["TrainingJobSummaries"])
        describe = self.sagemaker.describe_training_job
        jobs = (describe(TrainingJobName=name) for name in names if name.startswith(begin))
        return _of_key(key, jobs, run_id)

    def _check(self, folder: str, needed: list[str], started: datetime, ended: datetime) -> None:
        """Hold what lies in the folder now to what was written there while the job ran.

        ``needed`` are beginnings of URIs of which each has an object. Raises NoResultError.
        """
        bucket, prefix = split_uri(f"{folder}/")
        versions: dict[str, list[Mapping[str, Any]]] = {}
        for version in self._versions(bucket, prefix):
            versions.setdefault(f"s3://{bucket}/{version['Key']}", []).append(version)
        for uri, found in versions.items():
            _check_object(uri, found, started.replace(microsecond=0), ended + CLOCKS)
        for begin in needed:
            if not any(uri.startswith(begin) for uri in versions):
                raise NoResultError(f"{begin} is gone")

    def _versions(self, bucket: str, prefix: str) -> Iterator[Mapping[str, Any]]:
        pages = self.s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix)
        for page in pages:
            yield from page.get("Versions", ())
            yield from page.get("DeleteMarkers", ())


def _names(run_id: str, step: str) -> str:
    """Return how the names of the step's jobs begin, whatever attempt they are."""
    return f"{run_id}-{step.lower()}-"


def _of_key(key: str, jobs: Iterator[Mapping[str, Any]], run_id: str) -> Mapping[str, Any]:
    """Return the job that was given the key. Raises NoResultError."""
    for job in jobs:
        if job.get("Environment", {}).get(VARIABLE) == key:
            return job
    raise NoResultError(f"run {run_id} has not completed it")


def _reused(run_id: str, job_name: str, instances: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "job_name": job_name,
        "instance_type": instances["InstanceType"],
        "instance_count": instances["InstanceCount"],
        "reused_from": run_id,
    }


def _check_object(
    uri: str, versions: list[Mapping[str, Any]], started: datetime, ended: datetime
) -> None:
    """Hold the current version of an object to what the job wrote: the same bytes, written once.

    What an attempt before the job's start left does not count, and to write the same bytes again,
    as a repeated request does, changes nothing. S3's times are whole seconds, and a delete marker
    has no ETag.
    """
    written = {
        (version.get("ETag"), version.get("Size"))
        for version in versions
        if started <= version["LastModified"] <= ended
    }
    now = next(version for version in versions if version["IsLatest"])
    if now.get("ETag") is None:
        raise NoResultError(f"{uri} was deleted")
    if now.get("StorageClass") in archives.CLASSES:
        raise NoResultError(f"{uri} lies in {now['StorageClass']}, from where no job can read it")
    if written != {(now["ETag"], now["Size"])}:
        raise NoResultError(f"{uri} is not what the job wrote")
