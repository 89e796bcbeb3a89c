"""Names and ARNs of everything that a stage deploys.

The S3 trigger needs the state machine's ARN and the state machine needs the Lambdas' ARNs. Both are
computed from names, so neither has to exist before the other.
"""

from dataclasses import dataclass

import boto3

DATASET_PREFIX = "raw_data/"
# The purposes of the topics and of the queue: what asks for retraining, what tells people, and
# what keeps the events that a Lambda could not handle after its retries.
REQUESTS, ANNOUNCEMENTS = "retrain", "announcements"
FAILED_EVENTS = "failed-events"
# The kinds of SageMaker's jobs that a run consists of.
TASKS = ("Training", "Processing")
# The roles of the jobs, each for what its step reads and writes.
JOB_ROLES = ("preprocess", "train", "evaluate")


@dataclass(frozen=True)
class Names:
    """Every name of one stage of one pipeline in one account and region."""

    name: str
    stage: str
    account: str
    region: str
    partition: str = "aws"
    role_path: str = "/"

    @property
    def prefix(self) -> str:
        """What every name begins with, for example `retrain-dev`."""
        return f"{self.name}-{self.stage}"

    @property
    def bucket(self) -> str:
        """Globally unique because account and region are part of it."""
        return f"{self.prefix}-{self.account}-{self.region}"

    @property
    def state_machine(self) -> str:
        """The state machine's name."""
        return self.prefix

    @property
    def state_machine_arn(self) -> str:
        """The state machine's ARN."""
        return self.arn("states", f"stateMachine:{self.state_machine}")

    def execution_arn(self, execution_name: str) -> str:
        """The ARN of one execution of the state machine."""
        return self.arn("states", f"execution:{self.state_machine}:{execution_name}")

    def function(self, function: str) -> str:
        """The Lambda's name, as Chalice forms it: <app name>-<stage>-<function>."""
        return f"{self.prefix}-{function}"

    def function_arn(self, function: str) -> str:
        """The Lambda's ARN."""
        return self.arn("lambda", f"function:{self.function(function)}")

    def rule(self, function: str) -> str:
        """The EventBridge rule that invokes a Lambda, as Chalice forms its name."""
        return f"{self.function(function)}-event"

    def rule_arn(self, function: str) -> str:
        """The ARN of the EventBridge rule that invokes a Lambda."""
        return self.arn("events", f"rule/{self.rule(function)}")

    def topic(self, purpose: str) -> str:
        """An SNS topic's name."""
        return f"{self.prefix}-{purpose}"

    def topic_arn(self, purpose: str) -> str:
        """An SNS topic's ARN."""
        return self.arn("sns", self.topic(purpose))

    def queue(self, purpose: str) -> str:
        """An SQS queue's name."""
        return f"{self.prefix}-{purpose}"

    def queue_arn(self, purpose: str) -> str:
        """An SQS queue's ARN."""
        return self.arn("sqs", self.queue(purpose))

    @property
    def bucket_arn(self) -> str:
        """The bucket's ARN."""
        return f"arn:{self.partition}:s3:::{self.bucket}"

    def model_package_group(self, group: str) -> str:
        """The registry's group of this stage: two stages never share a champion."""
        return f"{group}-{self.stage}"

    def function_log_group(self, function: str) -> str:
        """Where Lambda writes what the function prints."""
        return f"/aws/lambda/{self.function(function)}"

    @property
    def state_machine_log_group(self) -> str:
        """Where executions are logged. Only below this prefix does no log group need a policy:

        https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
        """
        return f"/aws/vendedlogs/states/{self.state_machine}"

    def log_group_arn(self, log_group: str) -> str:
        """A log group's ARN."""
        return self.arn("logs", f"log-group:{log_group}")

    def role(self, purpose: str) -> str:
        """An IAM role's name. Roles are global to the account: the region keeps stages apart."""
        return f"{self.prefix}-{purpose}-{self.region}"

    def role_arn(self, purpose: str) -> str:
        """An IAM role's ARN, its path included."""
        return f"arn:{self.partition}:iam::{self.account}:role{self.role_path}{self.role(purpose)}"

    def integration(self, action: str) -> str:
        """The ARN of a service integration of Step Functions, for example `lambda:invoke`."""
        return f"arn:{self.partition}:states:::{action}"

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a resource in this account and region.

        SageMaker's have every name in lower case, and IAM compares them with their case:
        https://docs.aws.amazon.com/sagemaker/latest/dg/define-pipeline.html registers in the group
        AbaloneModelPackageGroupName, whose versions are model-package/abalonemodelpackagegroupname.
        """
        if service == "sagemaker":
            resource = resource.lower()
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"


def names_of(name: str, stage: str, session: boto3.Session, role_path: str = "/") -> Names:
    """The names of a stage in the account and region that `session`'s credentials belong to."""
    identity = session.client("sts").get_caller_identity()
    return Names(
        name=name,
        stage=stage,
        account=identity["Account"],
        region=session.region_name,
        partition=identity["Arn"].split(":")[1],
        role_path=role_path,
    )
