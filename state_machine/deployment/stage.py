"""Bring up one stage on the account that the session's credentials belong to, and take it away.

The embedded AWS is deployed to in exactly this way: only AWS_ENDPOINT_URL differs.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import boto3

from lambdas.boundary.bucket_owner import of_account
from state_machine import stage_names
from state_machine.account import key_problem
from state_machine.artifacts import bundle
from state_machine.artifacts.bundle import Bundle
from state_machine.artifacts.chalice_app import ChaliceApp
from state_machine.artifacts.work_folder import work_folder
from state_machine.config import PipelineConfig
from state_machine.definition import jobs, workflow
from state_machine.definition.deployed import Deployed
from state_machine.deployment import (
    bucket,
    code,
    functions,
    log_groups,
    messaging,
    model_package_group,
    roles,
    state_machine,
    triggers,
)
from state_machine.deployment.bucket import Bucket
from state_machine.deployment.cloudformation import logical_id
from state_machine.deployment.code import Code
from state_machine.deployment.ending import Jobs
from state_machine.deployment.log_groups import LogGroup
from state_machine.deployment.messaging import TOPICS, FailedEventsQueue, Topic
from state_machine.deployment.model_package_group import ModelPackageGroup
from state_machine.deployment.propagation import until_done
from state_machine.deployment.resource import (
    Action,
    Resource,
    Rights,
    Step,
    deployment_steps,
    removal_steps,
)
from state_machine.deployment.roles import Role, documents
from state_machine.deployment.state_machine import Definition, StateMachine
from state_machine.errors import DeploymentError
from state_machine.functions import catalogue
from state_machine.functions.catalogue import LAMBDAS
from state_machine.names import Names, names_of
from state_machine.sdk.sdk import Graph

# What services do with the account's key for whoever deploys: S3 with code, Lambda with variables.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html
KEY_RIGHTS = Rights(
    "key",
    ("kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"),
    None,
    lambda account: bool(account.kms_key),
)
# What whoever deploys has to be allowed, for each kind of what a stage consists of; the last ones
# only where `[account]` asks for what needs them.
RIGHTS = (
    bucket.RIGHTS,
    code.RIGHTS,
    roles.RIGHTS,
    functions.RIGHTS,
    state_machine.RIGHTS,
    state_machine.VALIDATION_RIGHTS,
    messaging.TOPIC_RIGHTS,
    messaging.QUEUE_RIGHTS,
    triggers.RIGHTS,
    model_package_group.RIGHTS,
    log_groups.RIGHTS,
    functions.NETWORK_RIGHTS,
    KEY_RIGHTS,
    messaging.TOPIC_KEY_RIGHTS,
    log_groups.KEY_RIGHTS,
    roles.BOUNDARY_RIGHTS,
    roles.TAG_RIGHTS,
    bucket.TAG_RIGHTS,
    state_machine.TAG_RIGHTS,
    messaging.TOPIC_TAG_RIGHTS,
    messaging.QUEUE_TAG_RIGHTS,
    triggers.TAG_RIGHTS,
    model_package_group.TAG_RIGHTS,
    log_groups.TAG_RIGHTS,
)


@dataclass(frozen=True)
class Deployment:
    """What a deployment brought up."""

    names: Names
    bucket: str
    state_machine_arn: str
    functions: dict[str, str]
    model_package_group: str
    region: str


@dataclass(frozen=True)
class StageDeployment:
    """One stage of the project in the folder `project`, in the account of the session.

    `pause(seconds)` waits until a new role is known everywhere.
    """

    config: PipelineConfig
    names: Names
    session: boto3.Session
    project: Path
    pause: Callable[[float], None] = time.sleep

    def plan(self) -> list[Step]:
        """Compare what is there to what shall be; nothing is changed.

        Raises:
            DeploymentError: Step Functions would refuse the definition, in its own words.
        """
        found = state_machine.refusals(
            self.session.client("stepfunctions"), json.dumps(self._graph({}).to_dict())
        )
        if found:
            raise DeploymentError(f"Step Functions refuses the definition: {'; '.join(found)}")
        return deployment_steps(self.resources())

    def removal_plan(self, *, with_data: bool) -> list[Step]:
        """Return what removes the stage; `with_data` also what nothing could bring back."""
        return removal_steps(self.resources(), with_data=with_data)

    def resources(self) -> list[Resource]:
        """Everything that the stage consists of, each after what it needs."""
        client = self.session.client
        lambdas = functions.functions(self.config, self.names, self.app, self.session, self.pause)
        s3 = of_account(client("s3"), self.names.account)
        account = self.config.account
        return [
            Bucket(self.names, s3, account),
            Code(self.code, s3),
            ModelPackageGroup(self.model_package_group, client("sagemaker"), account),
            *(Topic(purpose, self.names, client("sns"), account) for purpose in TOPICS),
            FailedEventsQueue(self.names, client("sqs"), account),
            *self._log_groups(),
            *self._roles(),
            # First the functions: a definition names versions that are published.
            *lambdas,
            StateMachine(
                self.names,
                Definition(self._graph, [one.version for one in lambdas if one.version]),
                client("stepfunctions"),
                Jobs(client("sagemaker"), self._job_role_arns(), self.pause),
                self.pause,
                account=account,
            ),
        ]

    def _graph(self, versions: Mapping[str, str]) -> Graph:
        return workflow.graph(self.config, Deployed(self.names, self.code, versions))

    @cached_property
    def code(self) -> Bundle:
        """The jobs' code."""
        return bundle.pack(self.config.code.scripts, self.names.bucket, self.config.account.wheels)

    @cached_property
    def app(self) -> ChaliceApp:
        """The Lambdas' code."""
        limits = {
            each.name: {
                "lambda_timeout": each.timeout_seconds,
                "lambda_memory_size": each.memory_mb,
            }
            for each in LAMBDAS
        }
        return ChaliceApp(
            self.names,
            functions.environment(self.config, self.names),
            limits,
            session=self.session,
            project=self.project,
            work_folder=work_folder(self.project),
            account=self.config.account,
        )

    @property
    def model_package_group(self) -> str:
        """The registry's group of this stage."""
        return self.names.model_package_group(self.config.registry.model_package_group)

    @property
    def deployment(self) -> Deployment:
        """What the stage is called once it is up."""
        return Deployment(
            names=self.names,
            bucket=self.names.bucket,
            state_machine_arn=self.names.state_machine_arn,
            functions={
                each.name: self.names.function(each.name) for each in catalogue.wanted(self.config)
            },
            model_package_group=self.model_package_group,
            region=self.names.region,
        )

    def _log_groups(self) -> list[LogGroup]:
        logs = self.session.client("logs")
        log_group = partial(LogGroup, logs=logs, account=self.config.account)
        return [
            log_group(self.names.state_machine_log_group, state_machine.LOGICAL_ID),
            *(
                log_group(
                    self.names.function_log_group(each.name),
                    logical_id(each.name, "Function"),
                    wanted=each.is_wanted(self.config),
                )
                for each in LAMBDAS
            ),
        ]

    def _job_role_arns(self) -> list[str]:
        return [self.names.role_arn(state.lower()) for state in jobs.SECTIONS]

    def _roles(self) -> list[Role]:
        iam = self.session.client("iam")
        role = partial(Role, names=self.names, iam=iam, account=self.config.account)
        unwanted = {each.name for each in LAMBDAS if not each.is_wanted(self.config)}
        return [
            *(role(purpose, trust={}, policy={}, wanted=False) for purpose in roles.RETIRED),
            *(
                role(purpose, trust=trust, policy=policy, wanted=purpose not in unwanted)
                for purpose, (trust, policy) in documents(self.config, self.names).items()
            ),
        ]


def stage_deployment(
    config: PipelineConfig, stage: str, session: boto3.Session, project: Path
) -> StageDeployment:
    """Return the stage in the account and region of the session.

    Raises:
        StageNameError: AWS would refuse a name of it.
        DeploymentError: the key of `[account]` is of another region.
    """
    names = names_of(config.name, stage, session, config.account.role_path)
    found = StageDeployment(config, names, session, project)
    stage_names.check(found.names, found.model_package_group)
    if problem := key_problem(config.account, names.region):
        raise DeploymentError(f"{problem}. Take another key, or another region")
    return found


def apply(
    steps: Sequence[Step],
    progress: Callable[[Step], None],
    pause: Callable[[float], None] = time.sleep,
) -> list[Step]:
    """Do what the steps say, telling of each one that does something before it is done.

    Then waits, by `pause(seconds)`, until AWS shows and does all of it. Returns what it does not
    after two minutes.

    Raises:
        DeploymentError: a step failed; what was done before stays and is found by the next plan.
        botocore.exceptions.ClientError: AWS refused a call.
    """
    done = [step for step in steps if step.action is not Action.KEEP]
    for step in done:
        progress(step)
        step.apply()
    return until_done(done, progress, pause)


def deploy(
    config: PipelineConfig,
    *,
    stage: str,
    session: boto3.Session,
    project: Path,
    progress: Callable[[Step], None],
) -> Deployment:
    """Deploy the project in the folder `project`; what is as it should be is not touched.

    Raises what `apply` raises.
    """
    there = stage_deployment(config, stage, session, project)
    apply(there.plan(), progress)
    return there.deployment
