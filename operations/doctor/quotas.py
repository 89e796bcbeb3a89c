"""Whether the account's quotas let the pipeline run as pipeline.toml says.

Quotas are an account's and a region's own, and all that runs there counts. In a new account many of
SageMaker's are 0: https://docs.aws.amazon.com/general/latest/gr/sagemaker.html
"""

from collections.abc import Iterable
from typing import Any

from operations.doctor.findings import Finding, ok, problem, warning
from state_machine.config import Job, PipelineConfig

PERMISSIONS = "servicequotas:ListServiceQuotas and servicequotas:ListAWSDefaultServiceQuotas"
SAGEMAKER, LAMBDA = "sagemaker", "lambda"
CONCURRENT_EXECUTIONS = "Concurrent executions"
PAGE_SIZE = 100  # the most that Service Quotas gives at once

Quota = dict[str, Any]


def needed(config: PipelineConfig) -> dict[str, int]:
    """How many instances each quota of SageMaker must allow, by the quota's name.

    A run has one job at a time; `max_concurrent_runs` of them may have the same one.
    """
    training = "spot training" if config.training.use_spot else "training"
    by_kind: dict[str, list[Job]] = {
        "processing": [config.preprocessing, config.evaluation],
        training: [config.training],
    }
    counts: dict[str, int] = {}
    for kind, jobs in by_kind.items():
        for job in jobs:
            instances = job.instance_count * config.max_concurrent_runs
            for name in (
                f"{job.instance_type} for {kind} job usage",
                f"Number of instances across all {kind} jobs",
            ):
                counts[name] = max(counts.get(name, 0), instances)
    job = config.training
    if job.keep_alive_seconds:
        # https://docs.aws.amazon.com/sagemaker/latest/dg/train-warm-pools-resource-limits.html
        kept = job.instance_count * config.max_concurrent_runs
        counts[f"{job.instance_type} for training warm pool usage"] = kept
    return counts


def sagemaker_quotas(config: PipelineConfig, region: str, quotas: Any) -> list[Finding]:
    """Hold SageMaker's quotas against what is needed; `quotas` is a client of Service Quotas."""
    wanted = needed(config)
    found = _look_up(quotas, SAGEMAKER, wanted)
    return [_held(name, count, found.get(name), region) for name, count in wanted.items()]


def concurrency(config: PipelineConfig, region: str, quotas: Any) -> Finding:
    """Hold Lambda's concurrent executions against those of one upload and of the runs.

    A new account has few: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    """
    wanted = len(config.data.required_files) + 1 + config.max_concurrent_runs
    quota = _look_up(quotas, LAMBDA, [CONCURRENT_EXECUTIONS])[CONCURRENT_EXECUTIONS]
    name, found = "quota Lambda's concurrent executions", _compared(quota, wanted)
    if quota["Value"] >= wanted:
        return ok(name, found)
    # https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
    later = f"{found}: events of an upload wait for their turn"
    return warning(name, later, increase(quota, wanted, region))


def increase(quota: Quota, value: int, region: str) -> str:
    """The command that asks AWS for a higher quota.

    https://docs.aws.amazon.com/servicequotas/latest/userguide/request-quota-increase.html
    """
    return (
        f"aws service-quotas request-service-quota-increase --service-code {quota['ServiceCode']} "
        f"--quota-code {quota['QuotaCode']} --desired-value {value} --region {region}"
    )


def _look_up(quotas: Any, service: str, names: Iterable[str]) -> dict[str, Quota]:
    """The quotas of these names, as far as the service has them.

    An account may have no value of its own for a quota; then AWS's default holds:
    https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_ListServiceQuotas.html
    """
    found: dict[str, Quota] = {}
    for operation in ("list_service_quotas", "list_aws_default_service_quotas"):
        found |= _listed(quotas, operation, service, set(names) - found.keys())
    return found


def _listed(quotas: Any, operation: str, service: str, names: set[str]) -> dict[str, Quota]:
    """Go through thousands of quotas until all of these names are found."""
    found: dict[str, Quota] = {}
    asked = {"ServiceCode": service, "PaginationConfig": {"PageSize": PAGE_SIZE}}
    for page in quotas.get_paginator(operation).paginate(**asked) if names else ():
        found |= {q["QuotaName"]: q for q in page["Quotas"] if q["QuotaName"] in names}
        if len(found) == len(names):
            break
    return found


def _held(name: str, wanted: int, quota: Quota | None, region: str) -> Finding:
    title = f"quota {name}"
    if quota is None:
        found = f"{wanted} needed, but SageMaker has no quota of this name in {region}"
        return warning(title, found, "take an instance type that is offered there")
    found = _compared(quota, wanted)
    if quota["Value"] >= wanted:
        return ok(title, found)
    if not quota["Adjustable"]:
        return problem(title, found, "AWS does not raise it: change pipeline.toml")
    return problem(title, found, increase(quota, wanted, region))


def _compared(quota: Quota, wanted: int) -> str:
    return f"{quota['Value']:.0f} allowed, {wanted} needed"
