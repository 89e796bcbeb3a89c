"""The Lambdas of a stage, one resource each; Chalice brings up together what differs."""

from collections.abc import Callable
from functools import partial
from typing import Any

import boto3

from state_machine.artifacts.chalice_app import CODE_TAG, ChaliceApp
from state_machine.artifacts.lambda_zip import RUNTIME
from state_machine.config import PipelineConfig
from state_machine.deployment.cloudformation import CfnResource, logical_id, resource
from state_machine.deployment.log_groups import logs_id
from state_machine.deployment.propagation import until_known
from state_machine.deployment.resource import Resource, Rights, Setting, tags_setting
from state_machine.deployment.triggers import Trigger, trigger_of
from state_machine.deployment.versions import Version
from state_machine.functions.catalogue import LAMBDAS, Lambda
from state_machine.names import ANNOUNCEMENTS, DATASET_PREFIX, FAILED_EVENTS, REQUESTS, Names

# Lambda keeps an asynchronous event for at most six hours and retries it at most twice:
# https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
MAXIMUM_EVENT_AGE_SECONDS = 6 * 3600
MAXIMUM_RETRY_ATTEMPTS = 2

RIGHTS = Rights(
    "function",
    (
        "lambda:AddPermission",
        "lambda:CreateFunction",
        "lambda:DeleteFunction",
        "lambda:DeleteFunctionConcurrency",
        "lambda:GetFunction",
        "lambda:GetFunctionConfiguration",
        "lambda:GetFunctionEventInvokeConfig",
        "lambda:GetPolicy",
        "lambda:ListTags",
        "lambda:ListVersionsByFunction",
        "lambda:PublishVersion",
        "lambda:PutFunctionEventInvokeConfig",
        "lambda:TagResource",
        "lambda:UntagResource",
        "lambda:UpdateFunctionCode",
        "lambda:UpdateFunctionConfiguration",
    ),
    lambda names, _: names.function_arn("any"),
)

# What Lambda asks with the rights of whoever connects a function to a VPC:
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
NETWORK_RIGHTS = Rights(
    "network",
    ("ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs"),
    lambda _names, _group: "*",
    lambda account: bool(account.subnets),
)


def environment(config: PipelineConfig, names: Names) -> dict[str, str]:
    """The variables of every Lambda: settings, and names, for which `NAMES_IN_IT` is the room."""
    group = names.model_package_group(config.registry.model_package_group)
    return {
        "RETRAIN_BUCKET": names.bucket,
        "RETRAIN_STAGE": names.stage,
        "RETRAIN_STATE_MACHINE_ARN": names.state_machine_arn,
        "RETRAIN_DATASET_PREFIX": DATASET_PREFIX,
        "RETRAIN_MODEL_PACKAGE_GROUP": group,
        "RETRAIN_REQUESTS_TOPIC_ARN": names.topic_arn(REQUESTS),
        "RETRAIN_ANNOUNCEMENTS_TOPIC_ARN": names.topic_arn(ANNOUNCEMENTS),
        "POWERTOOLS_SERVICE_NAME": names.prefix,
        **config.told_to_lambdas(),
    }


def event_invocation(names: Names) -> dict[str, Any]:
    """How often and how long Lambda tries an event, and where it goes after that."""
    return {
        "MaximumRetryAttempts": MAXIMUM_RETRY_ATTEMPTS,
        "MaximumEventAgeInSeconds": MAXIMUM_EVENT_AGE_SECONDS,
        "DestinationConfig": {"OnFailure": {"Destination": names.queue_arn(FAILED_EVENTS)}},
    }


def functions(
    config: PipelineConfig,
    names: Names,
    app: ChaliceApp,
    session: boto3.Session,
    pause: Callable[[float], None],
) -> list["Function"]:
    """Every Lambda that the project knows; the scheduled one is wanted only with a schedule."""
    return [
        Function(
            each,
            names,
            app,
            session,
            trigger=trigger_of(each, config, names, session),
            pause=pause,
            wanted=each.is_wanted(config),
        )
        for each in LAMBDAS
    ]


class Function(Resource):
    """One Lambda, with what invokes it and where its failed events go."""

    kind = "Lambda"

    def __init__(
        self,
        function: Lambda,
        names: Names,
        app: ChaliceApp,
        session: boto3.Session,
        *,
        trigger: Trigger | None,
        pause: Callable[[float], None],
        wanted: bool = True,
    ) -> None:
        self.name = names.function(function.name)
        self.wanted = wanted
        self._function = function
        self._names = names
        self._app = app
        self._lambdas = session.client("lambda")
        self.version = self._version() if function.by_state_machine else None
        self._trigger = trigger
        self._pause = pause

    def exists(self) -> bool:
        """Tell whether the function is there."""
        try:
            self._lambdas.get_function_configuration(FunctionName=self.name)
        except self._lambdas.exceptions.ResourceNotFoundException:
            return False
        return True

    def create(self) -> None:
        """Have Chalice deploy it."""
        self._app.deploy()

    def delete(self) -> None:
        """Delete it, and what invokes it."""
        if self._trigger is not None:
            self._trigger.remove()
        self._lambdas.delete_function(FunctionName=self.name)

    def settings(self) -> list[Setting]:
        """Code and configuration, what invokes it, and where its failed events go."""
        deploy = self._deploy
        settings = [
            Setting("code", self._app.digest, self._code, deploy),
            Setting("configuration", self._desired(), self._configuration, deploy),
            *tags_setting(self._app.tags, self._tags, deploy),
            *self._key_setting(),
        ]
        if self.version is not None:
            settings.append(Setting("version", True, self._has_version, self._publish))
        if self._trigger is not None:
            settings.append(Setting("trigger", self._trigger.desired, self._trigger.found, deploy))
            settings += self._trigger.settings()
        if self._function.asynchronous:
            settings.append(
                Setting(
                    "failed events",
                    event_invocation(self._names),
                    self._found_invocation,
                    self._keep,
                )
            )
        return settings

    def template(self) -> dict[str, CfnResource]:
        """The function, what invokes it, and where its failed events go."""
        made = {self._id: self._resource()}
        if self.version is not None:
            made |= self.version.template()
        if self._function.asynchronous:
            made[logical_id(self._function.name, "FailedEvents")] = resource(
                "Lambda::EventInvokeConfig",
                {
                    "FunctionName": {"Ref": self._id},
                    "Qualifier": "$LATEST",
                    **event_invocation(self._names),
                },
                DependsOn=logical_id(FAILED_EVENTS, "Queue"),
            )
        return made | (self._trigger.template() if self._trigger else {})

    @property
    def _id(self) -> str:
        return logical_id(self._function.name, "Function")

    def _first(self) -> list[str]:
        """A function that logs before its log group is there makes one that never forgets."""
        return [logical_id(self._function.name, "Role"), logs_id(self._id)]

    def _resource(self) -> CfnResource:
        return resource("Lambda::Function", self._properties(), DependsOn=self._first())

    def _properties(self) -> dict[str, Any]:
        """Return the function; its zip lies in the bucket of the parameter ArtifactsBucket."""
        package = self._app.package
        tags = {**self._app.tags, **self._app.tag(package.digest)}
        return {
            "FunctionName": self.name,
            "Code": {"S3Bucket": {"Ref": "ArtifactsBucket"}, "S3Key": package.name},
            "Handler": f"app.{self._function.name}",
            "Runtime": RUNTIME,
            "Role": self._names.role_arn(self._function.name),
            "Timeout": self._function.timeout_seconds,
            "MemorySize": self._function.memory_mb,
            "Environment": {"Variables": self._app.variables},
            "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
            **self._network(),
            **({"KmsKeyArn": self._app.kms_key} if self._app.kms_key else {}),
        }

    def _version(self) -> Version:
        return Version(
            self._function.name,
            self.name,
            self._lambdas,
            deployed=self._is_deployed,
            template_of_function=self._resource,
        )

    def _is_deployed(self) -> bool:
        return (
            self.exists()
            and self._code() == self._app.digest
            and self._configuration() == self._desired()
            and all(setting.get() == setting.desired for setting in self._key_setting())
        )

    def _has_version(self) -> bool:
        return self.version is not None and bool(self.version.arn())

    def _publish(self, _: Any) -> None:
        if self.version is not None:
            self.version.publish()

    def _network(self) -> dict[str, Any]:
        app = self._app
        vpc = {"SubnetIds": app.subnets, "SecurityGroupIds": app.security_groups}
        return {"VpcConfig": vpc} if app.subnets else {}

    def _deploy(self, _: Any) -> None:
        self._app.deploy()

    def _code(self) -> str:
        """Return the digest of what was packaged, if the function still runs that very zip."""
        found = self._lambdas.get_function(FunctionName=self.name)
        digest, _, zip_digest = found.get("Tags", {}).get(CODE_TAG, "").partition(":")
        return digest if zip_digest == found["Configuration"]["CodeSha256"] else ""

    def _key_setting(self) -> list[Setting]:
        key = self._app.kms_key
        return [Setting("key", key, self._key, self._put_key)] if key else []

    def _key(self) -> str:
        found = self._lambdas.get_function_configuration(FunctionName=self.name)
        return found.get("KMSKeyArn", "")

    def _put_key(self, key: str) -> None:
        """Encrypt the variables, which Chalice cannot, and wait until that is done.

        https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html
        """
        put = partial(self._lambdas.update_function_configuration, FunctionName=self.name)
        until_known(lambda: put(KMSKeyArn=key), self._pause)
        self._lambdas.get_waiter("function_updated_v2").wait(FunctionName=self.name)

    def _tags(self) -> dict[str, str]:
        return self._lambdas.get_function(FunctionName=self.name).get("Tags", {})

    def _desired(self) -> dict[str, Any]:
        return {
            "timeout": self._function.timeout_seconds,
            "memory": self._function.memory_mb,
            "role": self._names.role_arn(self._function.name),
            "variables": self._app.variables,
            "subnets": sorted(self._app.subnets),
            "security groups": sorted(self._app.security_groups),
        }

    def _configuration(self) -> dict[str, Any]:
        found = self._lambdas.get_function_configuration(FunctionName=self.name)
        return {
            "timeout": found["Timeout"],
            "memory": found["MemorySize"],
            "role": found["Role"],
            "variables": found.get("Environment", {}).get("Variables", {}),
            "subnets": sorted(found.get("VpcConfig", {}).get("SubnetIds", [])),
            "security groups": sorted(found.get("VpcConfig", {}).get("SecurityGroupIds", [])),
        }

    def _found_invocation(self) -> dict[str, Any] | None:
        try:
            found = self._lambdas.get_function_event_invoke_config(FunctionName=self.name)
        except self._lambdas.exceptions.ResourceNotFoundException:
            return None
        failure = found.get("DestinationConfig", {}).get("OnFailure", {})
        return {
            "MaximumRetryAttempts": found.get("MaximumRetryAttempts"),
            "MaximumEventAgeInSeconds": found.get("MaximumEventAgeInSeconds"),
            "DestinationConfig": {"OnFailure": failure},
        }

    def _keep(self, invocation: dict[str, Any]) -> None:
        """Let Lambda send to the queue what the function could not handle after its retries."""
        put = partial(self._lambdas.put_function_event_invoke_config, FunctionName=self.name)
        until_known(lambda: put(**invocation), self._pause)
