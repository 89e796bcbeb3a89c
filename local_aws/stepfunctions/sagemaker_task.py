"""`arn:aws:states:::sagemaker:createTrainingJob.sync` and its like in moto's engine.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html
"""

import json
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any

import botocore.session
from botocore.exceptions import BotoCoreError, ClientError
from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import (
    CustomErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import (
    StatesErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task import state_task_factory
from moto.stepfunctions.parser.asl.component.state.exec.state_task.credentials import (
    StateCredentials,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import (
    ResourceCondition,
    ResourceRuntimePart,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import (  # noqa: E501
    StateTaskService,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.program_state import ProgramError, ProgramStopped
from moto.stepfunctions.parser.asl.utils import boto_client

from local_aws.requests import eventual
from local_aws.sagemaker import actions
from local_aws.sagemaker.job import Job
from local_aws.sagemaker.processing_job import ProcessingJob
from local_aws.sagemaker.training_job import TrainingJob
from local_aws.stepfunctions.integration_fields import unproven
from local_aws.stepfunctions.integrations import metadata
from local_aws.wrapping import Original, wrap

_log = logging.getLogger(__name__)
JOBS: dict[str, type[Job]] = {
    "createProcessingJob": ProcessingJob,
    "createTrainingJob": TrainingJob,
}
# Actions that only note something, and so end with their answer.
_CALLS = {"createEndpointConfig", "createModel"}
_LOOK_FOR_STOP_SECONDS = 0.2
# Error names are the class names of AWS's SDK for Java; what has no class of its own is
# AmazonSageMakerException, throttling and validation included.
_ERROR_CLASSES = {
    "ResourceInUse": "ResourceInUseException",
    "ResourceLimitExceeded": "ResourceLimitExceededException",
    "ResourceNotFound": "ResourceNotFoundException",
}


def install() -> None:
    """Put the SageMaker integration in front of moto's."""
    wrap(state_task_factory, "state_task_service_for", _service_for)


def _service_for(original: Original, service_name: str) -> StateTaskService:
    if service_name == "sagemaker":
        return SageMakerTask()
    return original(service_name)


class SageMakerTask(StateTaskService):
    """A task that creates something and, with `.sync`, waits until that job has ended."""

    def _get_supported_parameters(self) -> set[str] | None:
        """Return the parameters of the action; None, an invalid definition, for other actions."""
        action = self.resource.api_action
        conditions = {None, ResourceCondition.Sync} if action in JOBS else {None}
        if action not in {*JOBS, *_CALLS} or self.resource.condition not in conditions:
            return None
        return parameters_of(action)

    def _get_sfn_resource(self) -> str:
        action = str(self.resource.api_action)
        return f"{action}.sync" if self._is_sync() else action

    def _is_sync(self) -> bool:
        return self.resource.condition == ResourceCondition.Sync

    def _eval_parameters(self, env: Environment) -> dict[str, Any]:
        """Refuse what is no parameter of the action, as AWS does; moto would drop it silently."""
        if self.parargs is None:
            return {}
        self.parargs.eval(env=env)
        parameters: dict[str, Any] = env.stack.pop()
        is_job = self.resource.api_action in JOBS
        for field in unproven(self.resource.api_action, parameters) if is_job else ():
            _log.warning("that AWS's integration takes %s is not proven", field)
        unknown = sorted(parameters.keys() - (self._get_supported_parameters() or set()))
        if unknown:
            cause = f"The field {unknown[0]!r} is not supported by Step Functions"
            raise self._task_failed(env, StatesErrorNameType.StatesRuntime, cause)
        return parameters

    def _normalise_parameters(self, *args: Any, **options: Any) -> None:
        """Leave them: they have the API's names, and the API refuses what is no text."""

    def _eval_service_task(
        self,
        env: Environment,
        resource_runtime_part: ResourceRuntimePart,
        normalised_parameters: dict[str, Any],
        state_credentials: StateCredentials,
    ) -> None:
        where = {"account": resource_runtime_part.account, "region": resource_runtime_part.region}
        client = boto_client.boto_client_for(
            service="sagemaker", region=where["region"], state_credentials=state_credentials
        )
        if self.resource.api_action in _CALLS:
            call = getattr(client, self._get_boto_service_action())
            env.stack.append(_without_metadata(call(**normalised_parameters)))
            return
        kind = JOBS[self.resource.api_action]
        name = normalised_parameters[f"{kind.title}Name"]
        if self._is_sync():
            own = [*normalised_parameters.get("Tags", []), *_own_tags(env)]
            normalised_parameters = {**normalised_parameters, "Tags": own}
        create = partial(getattr(client, self._get_boto_service_action()), **normalised_parameters)
        created = _created(create, partial(actions.find, kind, name, **where))
        if self._is_sync():
            self._record_submission(env, created)
            created = self._outcome(env, client, actions.find(kind, name, **where))
        env.stack.append(created)

    def _after_eval_execution(self, env: Environment, *args: Any, **options: Any) -> None:
        """Record the success, unless the execution was stopped or timed out meanwhile."""
        if env.is_running():
            super()._after_eval_execution(env, *args, **options)

    def _record_submission(self, env: Environment, created: dict[str, Any]) -> None:
        output = {"output": json.dumps(created), "outputDetails": {"truncated": False}}
        env.event_manager.add_event(
            context=env.event_history_context,
            event_type=HistoryEventType.TaskSubmitted,
            event_details=self._details("taskSubmittedEventDetails", **output),
        )

    def _outcome(self, env: Environment, client: Any, job: Job) -> dict[str, Any]:
        """Wait until the job has ended; return its description, {} if the task ended first."""
        noun, name = job.arn_type.replace("-", "_"), {f"{job.title}Name": job.name}
        # The job's own event ends the wait. moto sets and clears the event of a stopped execution
        # in one go, which a waiting thread can miss: so that is looked for now and then.
        while not job.ended.wait(_LOOK_FOR_STOP_SECONDS):
            if not env.is_running():
                # AWS cancels the job of a stopped execution, or of a failed parallel branch, at
                # best effort. After TimeoutSeconds it does not: the job runs on.
                if isinstance(env.program_state(), ProgramStopped | ProgramError):
                    history: Any = env.event_manager
                    eventual.wait_until(history.stops_jobs_at)
                    with suppress(ClientError):
                        getattr(client, f"stop_{noun}")(**name)
                return {}
        try:
            described = metadata.without(getattr(client, f"describe_{noun}")(**name))
            tags = client.list_tags(ResourceArn=job.arn)["Tags"]
        except (ClientError, BotoCoreError) as error:
            raise FailureEventException(self._failure(env, error, "Failed")) from error
        output = {**_in_asl(described), "Tags": {tag["Key"]: tag["Value"] for tag in tags}}
        if job.status != "Completed":
            raise self._task_failed(env, StatesErrorNameType.StatesTaskFailed, json.dumps(output))
        return output

    def _from_error(self, env: Environment, ex: Exception) -> FailureEvent:
        if not isinstance(ex, ClientError | BotoCoreError):
            return super()._from_error(env=env, ex=ex)
        return self._failure(env, ex, "SubmitFailed" if self._is_sync() else "Failed")

    def _failure(
        self, env: Environment, ex: ClientError | BotoCoreError, what: str
    ) -> FailureEvent:
        error, cause = _error_and_cause(ex)
        return FailureEvent(
            env=env,
            error_name=CustomErrorName(error),
            event_type=HistoryEventType(f"Task{what}"),
            event_details=self._details(f"task{what}EventDetails", error=error, cause=cause),
        )

    def _task_failed(
        self, env: Environment, error: StatesErrorNameType, cause: str
    ) -> FailureEventException:
        details = self._details("taskFailedEventDetails", error=error.to_name(), cause=cause)
        return FailureEventException(
            FailureEvent(
                env=env,
                error_name=StatesErrorName(typ=error),
                event_type=HistoryEventType.TaskFailed,
                event_details=details,
            )
        )

    def _details(self, key: str, **details: Any) -> Any:
        resource = {
            "resource": self._get_sfn_resource(),
            "resourceType": self._get_sfn_resource_type(),
        }
        return {key: {**resource, **details}}


def _own_tags(env: Environment) -> list[dict[str, str]]:
    """Step Functions tags the jobs that it waits for, with the right of the machine's role to it.

    https://github.com/aws/aws-cdk/pull/27264
    """
    execution: Any = env.states.context_object.context_object_data["Execution"]
    tags = {
        "AWS_STEP_FUNCTIONS_EXECUTION_ARN": execution["Id"],
        "MANAGED_BY_AWS": "STARTED_BY_STEP_FUNCTIONS",
    }
    return [{"Key": key, "Value": value} for key, value in tags.items()]


@cache
def parameters_of(action: str) -> set[str]:
    """Return the members that SageMaker's API has for the action."""
    model = botocore.session.get_session().get_service_model("sagemaker")
    shape: Any = model.operation_model(action[0].upper() + action[1:]).input_shape
    return set(shape.members)


def _created(create: Callable[[], dict[str, Any]], find: Callable[[], Job]) -> dict[str, Any]:
    """Return the answer of `create`, or what it would have been if that was lost.

    The SDK tries again then, and hears that the name is taken: by the first try's job.
    """
    began = datetime.now(UTC)
    try:
        return _without_metadata(create())
    except ClientError as error:
        repeated = error.response["ResponseMetadata"].get("RetryAttempts", 0) > 0
        if not repeated or error.response["Error"]["Code"] != "ResourceInUse":
            raise
        job = find()
        if job.creation_time < began:
            raise
        return {f"{job.title}Arn": job.arn}


def _without_metadata(response: dict[str, Any]) -> dict[str, Any]:
    """Return the answer without boto3's own note; what the SDK for Java notes stays."""
    return {name: value for name, value in response.items() if name != "ResponseMetadata"}


def _error_and_cause(error: ClientError | BotoCoreError) -> tuple[str, str]:
    if isinstance(error, BotoCoreError):
        return "SageMaker.SdkClientException", str(error)
    code = error.response["Error"]["Code"]
    metadata = error.response["ResponseMetadata"]
    cause = (
        f"{error.response['Error']['Message']} (Service: AmazonSageMaker; "
        f"Status Code: {metadata['HTTPStatusCode']}; Error Code: {code}; "
        f"Request ID: {metadata.get('RequestId')}; Proxy: null)"
    )
    return f"SageMaker.{_ERROR_CLASSES.get(code, 'AmazonSageMakerException')}", cause


def _in_asl(value: Any) -> Any:
    """Return the value with times in milliseconds since 1970, as Step Functions gives them."""
    if isinstance(value, datetime):
        return int(value.timestamp() * 1000)
    if isinstance(value, dict):
        return {key: _in_asl(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_in_asl(item) for item in value]
    return value
