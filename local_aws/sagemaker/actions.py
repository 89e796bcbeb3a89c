"""SageMaker jobs that run, in the place of moto's, which are Completed as soon as they exist."""

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.responses import ActionResult, EmptyResult
from moto.sagemaker.exceptions import AWSValidationException, ResourceInUseException
from moto.sagemaker.models import sagemaker_backends
from moto.sagemaker.responses import SageMakerResponse

from local_aws.containers.containers import sdk_variables
from local_aws.context import Context
from local_aws.iam.authorization import UnassumableRoleError, check_assumable
from local_aws.requests import eventual
from local_aws.sagemaker import experiments, kept_jobs, spot
from local_aws.sagemaker.container import Runtime
from local_aws.sagemaker.job import Job, Services
from local_aws.sagemaker.kept_jobs import all_jobs, jobs_of
from local_aws.sagemaker.processing_job import ProcessingJob
from local_aws.sagemaker.training_job import TrainingJob
from local_aws.sagemaker.transfer import Transfer
from local_aws.wrapping import replace

_DEFAULT_PAGE = 10
_NAME_TAKEN = {
    TrainingJob: "Training job names must be unique within an AWS account and region, and a "
    "training job with this name already exists ({arn})",
    ProcessingJob: "Job name must be unique within an AWS account and region, and a job with this "
    "name already exists ({arn})",
}

_creating = threading.Lock()


def install(context: Context) -> None:
    """Let SageMaker's job actions start processes below `<data folder>/jobs/<job name>`."""
    services = Services(
        endpoint=context.endpoint,
        sdk_variables=sdk_variables(context.containers, context.data_folder),
        jobs_folder=context.data_folder / "jobs",
        runtime=Runtime(context.data_folder / "runtime", context.containers),
        transfer=cache(partial(Transfer, context.endpoint, context.region)),
        stop_grace_seconds=context.stop_grace_seconds,
        changed=partial(kept_jobs.changed, context.state),
        tell_metrics=lambda job: job.metrics.tell(context.state, job.log_group, job.arn, job.name),
    )
    services.runtime.build()
    for kind in (ProcessingJob, TrainingJob):
        replace(SageMakerResponse, **_actions(kind, services))
    kept_jobs.install(context.state, services)
    spot.install(lambda name: find_training_job(name, context.region))
    context.register_shutdown(_kill_all)


def find(kind: type[Job], name: str, *, account: str, region: str) -> Job:
    """Return the job; raises AWSValidationException, in AWS's words, if there is none."""
    job = jobs_of(kind, sagemaker_backends[account][region]).get(name)
    if job is None:
        raise AWSValidationException("Requested resource not found.")
    return job


def find_training_job(name: str, region: str) -> TrainingJob:
    """Return the training job of the one account that moto serves without roles of others."""
    job = find(TrainingJob, name, account=DEFAULT_ACCOUNT_ID, region=region)
    assert isinstance(job, TrainingJob)  # what else is in its store
    return job


def _actions(
    kind: type[Job], services: Services
) -> dict[str, Callable[[SageMakerResponse], ActionResult]]:
    """Return the four actions of one kind of job as methods for moto's response class."""

    def create(response: SageMakerResponse) -> ActionResult:
        request = json.loads(response.body)
        experiment = request.get("ExperimentConfig", {})
        job = kind(
            request,
            account=response.current_account,
            region=response.region,
            services=services,
        )
        _check_role(job)
        job.check()
        job.check_volume()
        experiments.check(experiment, response.sagemaker_backend)
        _start(job, jobs_of(kind, response.sagemaker_backend))
        experiments.record(job, experiment, response.sagemaker_backend)
        return ActionResult({f"{kind.title}Arn": job.arn})

    def describe(response: SageMakerResponse) -> ActionResult:
        return ActionResult(_named(kind, response).describe())

    def stop(response: SageMakerResponse) -> ActionResult:
        _named(kind, response).stop()
        return EmptyResult()

    def list_page(response: SageMakerResponse) -> ActionResult:
        jobs = list(jobs_of(kind, response.sagemaker_backend).values())
        return ActionResult(_page(kind, jobs, json.loads(response.body or "{}")))

    noun = kind.arn_type.replace("-", "_")
    return {
        f"create_{noun}": create,
        f"describe_{noun}": describe,
        f"stop_{noun}": stop,
        f"list_{noun}s": list_page,
    }


def _check_role(job: Job) -> None:
    try:
        check_assumable(job.role_arn, "sagemaker.amazonaws.com", job.arn)
    except UnassumableRoleError as error:
        raise AWSValidationException(
            f"Could not assume role {job.role_arn}. Please ensure that the role exists and allows "
            "principal 'sagemaker.amazonaws.com' to assume the role."
        ) from error


def _start(job: Job, jobs: dict[str, Job]) -> None:
    """Keep the job under its name, which is taken for ever, and run it."""
    with _creating:
        taken = jobs.get(job.name)
        if taken is not None:
            raise ResourceInUseException(_NAME_TAKEN[type(job)].format(arn=taken.arn))
        job.cluster = job.cluster.beside(_folders_in_use())
        jobs[job.name] = job
    job.start()


def _named(kind: type[Job], response: SageMakerResponse) -> Job:
    name = json.loads(response.body)[f"{kind.title}Name"]
    return find(kind, name, account=response.current_account, region=response.region)


def _page(kind: type[Job], jobs: list[Job], request: dict[str, Any]) -> dict[str, Any]:
    """Return one page of ListTrainingJobs or ListProcessingJobs."""
    described = kept_jobs.described_as_of(eventual.seconds("stale"), jobs)
    found = [item for item in described if _matches(kind, item, request)]
    sort_by = request.get("SortBy", "CreationTime")
    key = sort_by if sort_by == "CreationTime" else f"{kind.title}{sort_by}"
    found.sort(key=lambda item: item[key], reverse=request.get("SortOrder") == "Descending")
    start = int(request.get("NextToken") or 0)
    end = start + int(request.get("MaxResults") or _DEFAULT_PAGE)
    page = {f"{kind.title}Summaries": found[start:end]}
    return {**page, "NextToken": str(end)} if end < len(found) else page


def _matches(kind: type[Job], item: dict[str, Any], request: dict[str, Any]) -> bool:
    status = request.get("StatusEquals")
    if status is not None and item[f"{kind.title}Status"] != status:
        return False
    if request.get("NameContains", "") not in item[f"{kind.title}Name"]:
        return False
    for field in ("CreationTime", "LastModifiedTime"):
        after, before = request.get(f"{field}After"), request.get(f"{field}Before")
        if after is not None and item[field] <= datetime.fromtimestamp(after, UTC):
            return False
        if before is not None and item[field] >= datetime.fromtimestamp(before, UTC):
            return False
    return True


def _folders_in_use() -> set[str]:
    return {job.cluster.folder.name for job in all_jobs()}


def _kill_all() -> None:
    for job in all_jobs():
        job.kill()
