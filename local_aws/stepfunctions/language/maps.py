"""A Map whose ItemsPath leads to no list fails the execution, and no error of JSONata.

https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemspath.html: the value must be
a JSON array. The words are believed to be AWS's, as its users quote them: it publishes none.
"""

from typing import Any

from moto.stepfunctions.parser.api import HistoryEventType
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
from moto.stepfunctions.parser.asl.component.common.path.items_path import ItemsPath
from moto.stepfunctions.parser.asl.eval.environment import Environment

from local_aws.wrapping import Original, wrap


def install() -> None:
    """Look at what the path leads to."""
    wrap(ItemsPath, "_eval_body", _read)


def _read(original: Original, self: ItemsPath, env: Environment) -> None:
    original(self, env)
    if isinstance(env.stack[-1], list):
        return
    path = self.string_sampler.literal_value
    error = StatesErrorNameType.StatesRuntime
    details: Any = {
        "executionFailedEventDetails": {
            "error": error.to_name(),
            "cause": f'Reference path "{path}" must point to array.',
        }
    }
    raise FailureEventException(
        FailureEvent(
            env=env,
            error_name=StatesErrorName(typ=error),
            event_type=HistoryEventType.ExecutionFailed,
            event_details=details,
        )
    )
