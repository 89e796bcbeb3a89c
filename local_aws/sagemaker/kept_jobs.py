"""Where jobs are kept, and how they outlive the server: each is saved when its status changes.

Their processes end with the server. So a job that was running then is Failed when the next server
starts, one that was being stopped is Stopped, and the names of all stay taken.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from moto.sagemaker.models import SageMakerModelBackend, sagemaker_backends

from local_aws import arns
from local_aws.arns import account_and_region
from local_aws.requests.past import Past
from local_aws.sagemaker.container import Container
from local_aws.sagemaker.job import Job, Services
from local_aws.sagemaker.processing_job import ProcessingJob
from local_aws.sagemaker.training_job import TrainingJob
from local_aws.state.state import State
from local_aws.wrapping import Original, wrap

PART = "jobs"
_descriptions: Past[str, dict[str, Any]] = Past()  # by ARN
_KINDS: dict[str, type[Job]] = {kind.arn_type: kind for kind in (ProcessingJob, TrainingJob)}


def install(state: State, services: Services) -> None:
    """Keep each job as an item of its own, under its ARN."""
    found: dict[str, dict[str, Any]] = {}

    def restore() -> None:
        for arn, saved in found.items():
            try:
                job = _restored(arn, saved, services)
                _jobs_beside(arn)[job.name] = job
                job.end_interrupted()
            except Exception as error:
                state.set_aside(PART, arn, error)
        if state.whole:
            _tidy(services)

    for action in ("add_tags", "delete_tags"):
        wrap(SageMakerModelBackend, action, partial(_marking_jobs, state))
    state.keep(PART, _saved, found.__setitem__)
    state.after_restore(restore)


def changed(state: State, job: Job) -> None:
    """Have the job saved, and note how it fares."""
    state.changed(PART, job.arn)
    _descriptions.note(job.arn, None, job.describe())


def described_as_of(seconds: float, jobs: Iterable[Job]) -> list[dict[str, Any]]:
    """Describe the jobs as they were so many seconds ago, those that had been created by then.

    SageMaker's lists lag behind like others, we believe; no page says so, or says that they do not.
    """
    if not seconds:
        return [job.describe() for job in jobs]
    until = datetime.now(UTC) - timedelta(seconds=seconds)
    found = (
        _descriptions.as_of(job.arn, seconds, job.describe())
        for job in jobs
        if job.creation_time <= until
    )
    return [each for each in found if each is not None]


def jobs_of(kind: type[Job], backend: SageMakerModelBackend) -> dict[str, Job]:
    """Return moto's own store of such jobs, which its tags and its Search also read."""
    store: Any = backend.training_jobs if kind is TrainingJob else backend.processing_jobs
    return store


def all_jobs() -> list[Job]:
    """Return every job of every account and region."""
    return [
        job
        for regions in list(sagemaker_backends.values())
        for backend in list(regions.values())
        for kind in _KINDS.values()
        for job in list(jobs_of(kind, backend).values())
    ]


def _saved(arn: str) -> dict[str, Any] | None:
    job = _jobs_beside(arn).get(arn.rpartition("/")[2])
    return job.saved() if job else None


def _restored(arn: str, saved: dict[str, Any], services: Services) -> Job:
    account, region = account_and_region(arn)
    job = _KINDS[_kind(arn)](saved["request"], account=account, region=region, services=services)
    job.restore(saved)
    return job


def _jobs_beside(arn: str) -> dict[str, Job]:
    """Return the store that the job of this ARN belongs in."""
    account, region = account_and_region(arn)
    return jobs_of(_KINDS[_kind(arn)], sagemaker_backends[account][region])


def _kind(arn: str) -> str:
    return arns.parse(arn).resource.partition("/")[0]


def _tidy(services: Services) -> None:
    """A job whose creation was never answered has left nothing but its folder."""
    known = {job.cluster.folder.name for job in all_jobs()}
    for folder in services.jobs_folder.glob("*"):
        if folder.name not in known:
            # Of several hosts each has its own: algo-2, or 127.0.0.2 where it had no namespaces.
            for root in (folder, *folder.glob("algo-*"), *folder.glob("127.*")):
                Container(root, services.runtime).remove_unfinished()


def _marking_jobs(
    state: State,
    original: Original,
    self: SageMakerModelBackend,
    arn: str,
    *given: Any,
    **named: Any,
) -> Any:
    """Have the tags of a job saved with it when an action of moto has changed them."""
    result = original(self, arn, *given, **named)
    if _kind(arn) in _KINDS:
        state.changed(PART, arn)
    return result
