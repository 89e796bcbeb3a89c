"""The functions that an execution will call are started when it starts, not when it calls them.

A start takes half a second and more, most of it imports. "For functions using on-demand
concurrency, Lambda may occasionally pre-initialize execution environments to reduce the number of
cold start invocations", https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
Here it does so while the first state runs and while jobs do, one function after the other.
"""

import json
import logging
import re
import threading
from collections.abc import Callable

from moto.stepfunctions.parser.api import ExecutionStatus
from moto.stepfunctions.parser.backend.execution import Execution

from local_aws.awslambda.service import LambdaService
from local_aws.messaging.deliveries import find_function

_FUNCTION = re.compile(r"arn:aws:lambda:[\w-]+:\d{12}:function:[\w-]+(?::[\w$-]+)?")
_log = logging.getLogger(__name__)


def observer(service: LambdaService) -> Callable[[Execution], None]:
    """Return what is to be told of each execution whose status has changed."""

    def status_changed(execution: Execution) -> None:
        if execution.exec_status == ExecutionStatus.RUNNING:
            functions = later_functions(execution.state_machine.definition)
            threading.Thread(target=_prepare, args=(service, functions), daemon=True).start()

    return status_changed


def later_functions(definition: str) -> list[str]:
    """Return the ARNs of the functions in a definition that its first state does not call."""
    machine = json.loads(definition)
    at_once = _FUNCTION.findall(json.dumps(machine["States"][machine["StartAt"]]))
    return [arn for arn in dict.fromkeys(_FUNCTION.findall(definition)) if arn not in at_once]


def _prepare(service: LambdaService, functions: list[str]) -> None:
    for arn in functions:
        try:
            service.prepare(find_function(arn))
        except Exception as error:  # who calls the function will hear of it
            _log.info("%s was not started ahead: %s", arn, error)
