"""What one run asks of SageMaker: instance types, images, and at most how much money."""

import json
from typing import TYPE_CHECKING

from lambdas.report import cost
from operations.doctor.findings import Finding, ok, problem, warning
from state_machine.artifacts import bundle
from state_machine.config import Job, PipelineConfig
from state_machine.definition import workflow
from state_machine.definition.deployed import Deployed
from state_machine.definition.jobs import PROCESSING_RETRIES, TRAINING_RETRIES
from state_machine.deployment.state_machine import refusals
from state_machine.errors import ConfigError
from state_machine.images import serving_image, training_image
from state_machine.names import Names

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

# Each job of a run: its table in pipeline.toml, its kind, how often it is run again if it fails.
JOBS = (
    ("preprocessing", "processing", PROCESSING_RETRIES),
    ("training", "training", TRAINING_RETRIES),
    ("evaluation", "processing", PROCESSING_RETRIES),
)


def instance_types(config: PipelineConfig) -> Finding:
    """What the jobs run on. That SageMaker knows the types is asked when pipeline.toml is read."""
    used = ", ".join(f"{section} {_described(_job(config, section))}" for section, _, _ in JOBS)
    return ok("instance types", used)


def images(config: PipelineConfig, region: str) -> list[Finding]:
    """Whether AWS has an image of that TensorFlow in the region; one finding if it has both."""
    training = config.training
    try:
        found = [
            training_image(training, region, training.instance_type),
            serving_image(training, region, config.registry.inference_instance_types),
        ]
    except ConfigError as error:
        return [
            problem(
                "images",
                str(error),
                "correct framework_version and py_version in [training], the instance types, or "
                "take another region",
            )
        ]
    return [ok("images", ", ".join(image.rsplit("/", 1)[-1] for image in found))]


def definition(config: PipelineConfig, names: Names, states: "SFNClient") -> Finding:
    """Whether Step Functions would take the definition; it is asked, and creates nothing."""
    code = bundle.pack(config.code.scripts, names.bucket, config.account.wheels)
    text = json.dumps(workflow.as_dict(config, Deployed(names, code)))
    if found := refusals(states, text):
        return problem("definition", found[0], "report it: the project's definition is at fault")
    return ok("definition", "Step Functions takes it")


def most_expensive_run(config: PipelineConfig, region: str) -> Finding:
    """What a run costs if every job takes all of its time, of instances alone, at list prices."""
    prices = cost.table()["region_prices"].get(region, {})
    once = again = 0.0
    for section, kind, retries in JOBS:
        job = _job(config, section)
        price = prices.get(job.instance_type, {}).get(kind)
        if price is None:
            found = (
                f"unknown: lambdas/report/prices.json has no {job.instance_type} ({kind}) "
                f"in {region}"
            )
            return warning("cost of a run", found, f"add it from {cost.table()['source']}")
        seconds = job.max_runtime_seconds + getattr(job, "keep_alive_seconds", 0)
        dollars = seconds * job.instance_count * price / cost.SECONDS_AN_HOUR
        once += dollars
        again += dollars * (1 + retries)
    return ok(
        "cost of a run",
        f"at most ${once:.2f} for instances, if every job takes its max_runtime_seconds; "
        f"${again:.2f} if each also fails and is run again (prices of {cost.table()['date']})",
    )


def _job(config: PipelineConfig, section: str) -> Job:
    job: Job = getattr(config, section)
    return job


def _described(job: Job) -> str:
    return f"{job.instance_count} x {job.instance_type}"
