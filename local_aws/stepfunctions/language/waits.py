"""Paths to how long a task may take are read as the state is entered, and fail the execution.

moto reads them as it starts the task, and shows the end of the execution twice. That no such path
can be caught is what AWS's histories show.
"""

from moto.stepfunctions.parser.asl.component.common.timeouts.heartbeat import HeartbeatSecondsPath
from moto.stepfunctions.parser.asl.component.common.timeouts.timeout import TimeoutSecondsPath
from moto.stepfunctions.parser.asl.component.state.exec.execute_state import ExecutionState
from moto.stepfunctions.parser.asl.eval.environment import Environment

from local_aws.wrapping import Original, wrap


def install() -> None:
    """Read them first."""
    wrap(ExecutionState, "_eval_state", _read_first)


def _read_first(original: Original, self: ExecutionState, env: Environment) -> None:
    for seconds in (self.timeout, self.heartbeat):
        if isinstance(seconds, TimeoutSecondsPath | HeartbeatSecondsPath):
            seconds.eval(env)
            env.stack.pop()
    original(self, env)
