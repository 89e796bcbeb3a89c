"""Names of errors: what they are in a branch, and which of them a Catch or a Retry matches.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import (
    ILLEGAL_CUSTOM_ERROR_PREFIX,
    CustomErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.error_equals_decl import (
    ErrorEqualsDecl,
)
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import (
    StatesErrorName,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import iteration_worker
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel import branches_decl
from moto.stepfunctions.parser.asl.component.state.exec.state_task import state_task_activitiy
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_callback,
)
from moto.stepfunctions.parser.asl.component.state.fail import state_fail
from moto.stepfunctions.parser.asl.eval.environment import Environment

from local_aws.wrapping import replace

_ANY, _ANY_BUT_TIMEOUT = "States.ALL", "States.TaskFailed"
# They end an execution whatever its wildcards are; AWS's page says so of both.
_TERMINAL = {"States.DataLimitExceeded", "States.Runtime"}


def install() -> None:
    """Keep the names that errors have, and match them as AWS does."""
    for module in (
        branches_decl,
        iteration_worker,
        state_fail,
        state_task_activitiy,
        state_task_service_callback,
    ):
        replace(module, CustomErrorName=error_name)
    replace(ErrorEqualsDecl, _eval_body=_match)


def error_name(error_name: str | None) -> ErrorName:
    """Return the name as moto's engine has names, those of the language itself included.

    moto takes what fails a branch of a Parallel or an item of a Map for an error of the user's own,
    for which names like States.Timeout are forbidden, and fails the execution by that.
    """
    if error_name is None or not error_name.startswith(ILLEGAL_CUSTOM_ERROR_PREFIX):
        return CustomErrorName(error_name)
    try:
        return StatesErrorName.from_name(error_name)
    except ValueError:
        return ErrorName(error_name)


def matches(wanted: str | None, name: str | None) -> bool:
    """Whether an entry of ErrorEquals matches an error."""
    if wanted == name:
        return True
    if wanted == _ANY:
        return name not in _TERMINAL
    return wanted == _ANY_BUT_TIMEOUT and name not in {*_TERMINAL, "States.Timeout"}


def _match(self: ErrorEqualsDecl, env: Environment) -> None:
    """Replace the error's name on the stack by whether an entry matches.

    A Fail state may name no error, which only a wildcard matches.
    """
    found: ErrorName | None = env.stack.pop()
    name = found.error_name if found else None
    env.stack.append(any(matches(wanted.error_name, name) for wanted in self.error_names))
