"""The Lambdas of a stage, one resource each; Chalice brings up together what differs."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import boto3

from state_machine.artifacts.chalice_app import CODE_TAG, ChaliceApp
from state_machine.config import PipelineConfig
from state_machine.deployment.messaging import FAILED_EVENTS
from state_machine.deployment.policies import ASYNCHRONOUS
from state_machine.deployment.propagation import until_known
from state_machine.deployment.resource import Resource, Setting
from state_machine.deployment.triggers import RuleTrigger, TopicTrigger, Trigger, UploadTrigger
from state_machine.names import DATASET_PREFIX, LAMBDAS, SCHEDULED_LAMBDA, Names

# Lambda keeps an asynchronous event for at most six hours and retries it at most twice:
# https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
MAXIMUM_EVENT_AGE_SECONDS = 6 * 3600
MAXIMUM_RETRY_ATTEMPTS = 2


def environment(config: PipelineConfig, names: Names) -> dict[str, str]:
    """The variables of every Lambda. Without RETRAIN_SCHEDULE, app.py has no schedule."""
    schedule = config.schedule
    group = names.model_package_group(config.registry.model_package_group)
    return {
        "RETRAIN_BUCKET": names.bucket,
        "RETRAIN_STAGE": names.stage,
        "RETRAIN_STATE_MACHINE_ARN": names.state_machine_arn,
        "RETRAIN_DATASET_PREFIX": DATASET_PREFIX,
        "RETRAIN_REQUIRED_FILES": json.dumps(config.data.required_files),
        "RETRAIN_HYPERPARAMETERS": json.dumps(config.training.hyperparameters),
        "RETRAIN_MODEL_PACKAGE_GROUP": group,
        "RETRAIN_REQUESTS_TOPIC_ARN": names.topic_arn("retrain"),
        "RETRAIN_ANNOUNCEMENTS_TOPIC_ARN": names.topic_arn("announcements"),
        "POWERTOOLS_SERVICE_NAME": names.prefix,
    } | ({"RETRAIN_SCHEDULE": schedule.expression} if schedule.enabled else {})


def is_wanted(function: str, config: PipelineConfig) -> bool:
    """Tell whether the configuration asks for the Lambda, and for what belongs to it."""
    return function != SCHEDULED_LAMBDA or config.schedule.enabled


def wanted_functions(config: PipelineConfig) -> list[str]:
    """The Lambdas that the configuration asks for."""
    return [function for function in (*LAMBDAS, SCHEDULED_LAMBDA) if is_wanted(function, config)]


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
    triggers = _triggers(config, names, session)
    return [
        Function(
            function,
            names,
            app,
            session,
            trigger=triggers.get(function),
            pause=pause,
            wanted=is_wanted(function, config),
        )
        for function in (*LAMBDAS, SCHEDULED_LAMBDA)
    ]


class Function(Resource):
    """One Lambda, with what invokes it and where its failed events go."""

    kind = "Lambda"

    def __init__(
        self,
        function: str,
        names: Names,
        app: ChaliceApp,
        session: boto3.Session,
        *,
        trigger: Trigger | None,
        pause: Callable[[float], None],
        wanted: bool = True,
    ) -> None:
        self.name = names.function(function)
        self.wanted = wanted
        self._function = function
        self._names = names
        self._app = app
        self._lambdas = session.client("lambda")
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
        ]
        if self._trigger is not None:
            settings.append(Setting("trigger", self._trigger.desired, self._trigger.found, deploy))
        if self._function in ASYNCHRONOUS:
            settings.append(
                Setting(
                    "failed events",
                    event_invocation(self._names),
                    self._found_invocation,
                    self._keep,
                )
            )
        return settings

    def _deploy(self, _: Any) -> None:
        self._app.deploy()

    def _code(self) -> str:
        """Return the digest of what was packaged, if the function still runs that very zip."""
        found = self._lambdas.get_function(FunctionName=self.name)
        digest, _, zip_digest = found.get("Tags", {}).get(CODE_TAG, "").partition(":")
        return digest if zip_digest == found["Configuration"]["CodeSha256"] else ""

    def _desired(self) -> dict[str, Any]:
        return {
            **self._app.limits(self._function),
            "role": self._names.role_arn(self._function),
            "variables": self._app.variables,
        }

    def _configuration(self) -> dict[str, Any]:
        found = self._lambdas.get_function_configuration(FunctionName=self.name)
        return {
            "timeout": found["Timeout"],
            "memory": found["MemorySize"],
            "role": found["Role"],
            "variables": found.get("Environment", {}).get("Variables", {}),
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


def rule_matches(config: PipelineConfig, names: Names) -> dict[str, dict[str, Any]]:
    """What the rules of app.py match, by Lambda; a test of a deployment holds both together."""
    failed = {
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "detail": {
            "stateMachineArn": [names.state_machine_arn],
            "status": ["FAILED", "TIMED_OUT", "ABORTED"],
        },
    }
    changed = {
        "source": ["aws.sagemaker"],
        "detail-type": ["SageMaker Model Package State Change"],
        "detail": {
            "ModelPackageGroupName": [
                names.model_package_group(config.registry.model_package_group)
            ],
            "ModelPackageStatus": ["Completed"],
        },
    }
    return {
        "announce": {"pattern": failed},
        "announce_approval": {"pattern": changed},
        SCHEDULED_LAMBDA: {"schedule": config.schedule.expression},
    }


def _triggers(config: PipelineConfig, names: Names, session: boto3.Session) -> dict[str, Trigger]:
    rules = rule_matches(config, names)
    return {
        "on_upload": UploadTrigger("on_upload", names, session),
        "on_request": TopicTrigger("on_request", names, session),
        **{
            function: RuleTrigger(function, names, session, **matches)
            for function, matches in rules.items()
        },
    }
