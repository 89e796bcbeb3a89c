"""Steps whose service the embedded AWS does not have: they can be created, and fail when they run.

AWS's Data Science SDK offers them all. moto has most of these calls, and says that a job is done
or an endpoint in service where nothing has run; a step would go on as if that were so.
https://docs.aws.amazon.com/step-functions/latest/dg/integrate-services.html
"""

from typing import Any

from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import (
    CustomErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import (
    ServiceResource,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import (  # noqa: E501
    StateTaskService,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.parse import preprocessor

from local_aws.wrapping import Original, wrap

ERROR = "EmbeddedAws.NotSupported"
_SERVICES = {
    *("athena", "batch", "bedrock", "codebuild", "databrew", "ecs", "eks", "elasticmapreduce"),
    *("emr-containers", "emr-serverless", "glue", "mediaconvert"),
}
_SAGEMAKER_ACTIONS = {
    *("createEndpoint", "updateEndpoint", "createTransformJob", "createLabelingJob"),
    "createHyperParameterTuningJob",
}


def install() -> None:
    """Put such steps in front of moto's."""
    wrap(preprocessor, "state_task_for", _task_for)


def is_absent(service: str, action: str) -> bool:
    """Whether the embedded AWS lacks what a step of an optimized integration would start."""
    return service in _SERVICES or (service == "sagemaker" and action in _SAGEMAKER_ACTIONS)


def _task_for(original: Original, resource: Any) -> Any:
    if isinstance(resource, ServiceResource) and is_absent(
        resource.service_name, resource.api_action
    ):
        return AbsentTask()
    return original(resource)


class AbsentTask(StateTaskService):
    """A task that fails as it is started, with the name of what it would have started."""

    def _get_supported_parameters(self) -> set[str] | None:
        return set()  # none is dropped

    def _get_sfn_resource(self) -> str:
        action, condition = self.resource.api_action, self.resource.condition
        return f"{action}.{condition}" if condition else str(action)

    def _normalise_parameters(self, *args: Any, **options: Any) -> None:
        """Leave them: nothing is asked."""

    def _eval_service_task(self, env: Environment, *_: Any, **__: Any) -> None:
        raise FailureEventException(self._failure(env))

    def _failure(self, env: Environment) -> FailureEvent:
        step = {
            "resource": self._get_sfn_resource(),
            "resourceType": self._get_sfn_resource_type(),
        }
        name = f"{step['resourceType']}:{step['resource']}"
        cause = f"{name}: the embedded AWS does not have this; only AWS itself can run this step"
        details: Any = {"taskFailedEventDetails": {"error": ERROR, "cause": cause, **step}}
        return FailureEvent(
            env=env,
            error_name=CustomErrorName(ERROR),
            event_type=HistoryEventType.TaskFailed,
            event_details=details,
        )
