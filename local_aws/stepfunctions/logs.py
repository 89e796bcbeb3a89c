"""The history of executions in CloudWatch Logs, where a machine's loggingConfiguration asks for it.

https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html

moto knows the levels and the form of a line, and writes none. On AWS the lines are written by log
delivery, which the machine's role was asked to set up when the machine was created.
"""

import hashlib
import json
import logging
from datetime import datetime
from typing import Any

from moto.logs.models import logs_backends
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventManager
from moto.stepfunctions.parser.asl.eval.event.logging import (
    CloudWatchLoggingConfiguration,
    is_logging_enabled_for,
)
from moto.stepfunctions.parser.backend.execution import Execution

_log = logging.getLogger(__name__)


def write(execution: Execution, event_type: Any, **event: Any) -> None:
    """Log one event of the execution's history, if the machine's level has it."""
    configuration = _configuration(execution)
    if configuration is None or not is_logging_enabled_for(configuration.log_level, event_type):
        return
    told: Any = EventManager._create_history_log(
        event_type=event_type,
        execution_arn=execution.exec_arn,
        include_execution_data=configuration.include_execution_data,
        **event,
    )
    milliseconds = int(datetime.fromisoformat(event["timestamp"]).timestamp() * 1000)
    told |= {
        "event_timestamp": str(milliseconds),
        "redrive_count": str(getattr(execution, "redrive_count", 0)),
    }
    line = {"timestamp": milliseconds, "message": json.dumps(told, default=str)}
    _put(configuration, _stream(execution), line)


def _configuration(execution: Execution) -> CloudWatchLoggingConfiguration | None:
    machine: Any = execution.state_machine
    asked: Any = {"includeExecutionData": False, **(machine.loggingConfiguration or {})}
    return CloudWatchLoggingConfiguration.from_logging_configuration(machine.arn, asked)


def _stream(execution: Execution) -> str:
    machine: Any = execution.state_machine
    suffix = hashlib.sha256(execution.exec_arn.encode()).hexdigest()[:8]
    return f"states/{machine.name}/{execution.start_date:%Y-%m-%d-%H-%M}/{suffix}"


def _put(configuration: CloudWatchLoggingConfiguration, stream: str, line: dict[str, Any]) -> None:
    backend = logs_backends[configuration.log_account_id][configuration.log_region]
    group = configuration.log_group_name
    if group not in backend.groups:
        _log.warning("the log group %s of %s is gone", group, configuration.state_machine_arn)
        return
    backend.ensure_log_stream(group, stream)
    backend.put_log_events(group, stream, [line])
