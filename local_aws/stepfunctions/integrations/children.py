"""An execution that waits for another one stops that one when it is stopped itself.

So does one whose branch waits, when another branch fails; after TimeoutSeconds the child runs on.
https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-sync
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_sfn,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.program_state import ProgramError, ProgramStopped

from local_aws.wrapping import Original, wrap

_Task: Any = state_task_service_sfn.StateTaskServiceSfn


@dataclass(frozen=True)
class Child:
    """An execution that is waited for: what looks at it, and what stops it."""

    look: Callable[[], Any]
    stop: Callable[[], Any]

    def __call__(self) -> Any:
        """Return the description of the execution if it has ended, as moto's engine asks."""
        return self.look()


def install() -> None:
    """Have the child stopped."""
    for build in ("_build_sync_resolver", "_build_sync2_resolver"):
        wrap(_Task, build, _build)
    wrap(_Task, "_eval_sync", _wait)


def _build(original: Original, self: Any, env: Environment, **given: Any) -> Child:
    execution = env.stack[-1]["ExecutionArn"]
    client: Any = state_task_service_sfn.boto_client_for(
        service="stepfunctions",
        region=given["resource_runtime_part"].region,
        state_credentials=given["state_credentials"],
    )
    look = original(self, env=env, **given)
    return Child(look, partial(client.stop_execution, executionArn=execution))


def _wait(
    original: Original, self: Any, env: Environment, sync_resolver: Child, **given: Any
) -> Any:
    outcome = original(self, env=env, sync_resolver=sync_resolver, **given)
    if outcome is None and isinstance(env.program_state(), ProgramStopped | ProgramError):
        with suppress(ClientError, BotoCoreError):  # AWS does as well as it can
            sync_resolver.stop()
    return outcome
