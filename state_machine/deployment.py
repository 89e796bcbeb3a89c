"""Bring up one stage on the account that the session's credentials belong to.

The embedded AWS is deployed to in exactly this way: only AWS_ENDPOINT_URL differs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import ClientError

from state_machine import bundle, definition, events, roles, storage
from state_machine.config import PipelineConfig
from state_machine.deployed import Deployed
from state_machine.functions import (
    ASYNCHRONOUS,
    check_stage,
    deploy_functions,
    deployed_functions,
)
from state_machine.names import SCHEDULED_LAMBDA, Names, names_of
from state_machine.sdk import Workflow

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

WORK_FOLDER = ".retrain"


@dataclass(frozen=True)
class Deployment:
    """What a deployment brought up."""

    names: Names
    bucket: str
    state_machine_arn: str
    functions: dict[str, str]
    model_package_group: str
    region: str


def deploy(
    config: PipelineConfig,
    *,
    stage: str,
    session: boto3.Session,
    project: Path,
    progress: Callable[[str], None],
) -> Deployment:
    """Deploy the project in the folder `project`; repeatable, each step says what it does.

    Raises:
        DeploymentError: a step failed; what was done before stays and is found by the next try.
        botocore.exceptions.ClientError: AWS refused a call.
    """
    names = names_of(config.name, stage, session)
    check_stage(project, names)
    s3 = session.client("s3")

    progress(f"bucket {names.bucket}")
    storage.ensure_bucket(names, s3)
    code = bundle.pack(project / "ml_scripts", names.bucket)
    progress(f"code {code.sha256[:12]}")
    storage.upload(code, s3)
    progress(f"roles {names.role('states')}, {names.role('jobs')}")
    roles.ensure_roles(
        names,
        config.registry.model_package_group,
        session.client("iam"),
        config.tracking.mlflow_tracking_uri,
    )
    progress(f"model package group {config.registry.model_package_group}")
    ensure_model_package_group(config.registry.model_package_group, session.client("sagemaker"))
    progress(f"state machine {names.state_machine}")
    ensure_state_machine(config, Deployed(names, code), session)
    _deploy_events(names, session, progress)
    functions = _deploy_lambdas(config, names, session, project, progress)
    return Deployment(
        names=names,
        bucket=names.bucket,
        state_machine_arn=names.state_machine_arn,
        functions={function: names.function(function) for function in functions},
        model_package_group=config.registry.model_package_group,
        region=names.region,
    )


def _deploy_events(names: Names, session: boto3.Session, progress: Callable[[str], None]) -> None:
    """What the Lambdas listen to, speak to and fail to must be there before them."""
    topics = ", ".join(names.topic(topic) for topic in events.TOPICS)
    progress(f"topics {topics}, queue {names.queue(events.FAILED_EVENTS)}")
    events.ensure_topics(names, session.client("sns"))
    events.ensure_failed_events_queue(names, session.client("sqs"))


def _deploy_lambdas(
    config: PipelineConfig,
    names: Names,
    session: boto3.Session,
    project: Path,
    progress: Callable[[str], None],
) -> Sequence[str]:
    """Deploy the Lambdas with their triggers; return their names within the project."""
    functions = deployed_functions(config)
    progress(f"Lambdas {', '.join(names.function(function) for function in functions)}")
    deploy_functions(
        config, names, session=session, project=project, work_folder=project / WORK_FOLDER
    )
    lambdas = session.client("lambda")
    asynchronous = [function for function in functions if function in ASYNCHRONOUS]
    events.keep_failed_events(names, asynchronous, lambdas)
    if not config.schedule.enabled:
        events.remove_schedule(names, SCHEDULED_LAMBDA, session.client("events"), lambdas)
    return functions


def ensure_model_package_group(group: str, sagemaker: "SageMakerClient") -> None:
    """Create the group if it is not there. There is no call that creates one only when needed."""
    try:
        sagemaker.describe_model_package_group(ModelPackageGroupName=group)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationException":
            raise
        sagemaker.create_model_package_group(
            ModelPackageGroupName=group,
            ModelPackageGroupDescription="Models that passed the quality gate",
        )


def ensure_state_machine(
    config: PipelineConfig, deployed: Deployed, session: boto3.Session
) -> None:
    """Create the state machine, or update the one that is there.

    `Workflow.create()` on an existing name returns its ARN and changes nothing, so it is asked
    for first.
    """
    client = session.client("stepfunctions")
    arn = deployed.names.state_machine_arn
    graph = definition.graph(config, deployed)
    role = deployed.names.role_arn("states")
    try:
        client.describe_state_machine(stateMachineArn=arn)
    except client.exceptions.StateMachineDoesNotExist:
        Workflow(deployed.names.state_machine, graph, role, client=client).create()
    else:
        workflow = Workflow(
            deployed.names.state_machine, graph, role, client=client, state_machine_arn=arn
        )
        workflow.update(definition=graph, role=role)
