"""Structured logs: every ``lambdas.*`` logger writes one line of JSON per record."""

import functools
import json
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.utils import copy_config_to_registered_loggers


def start_logging(context: Any) -> None:
    """Set up logging on the first call, and name the request in all records from here on.

    ``context`` is the Lambda context. Level and service come from POWERTOOLS_LOG_LEVEL and
    POWERTOOLS_SERVICE_NAME.
    """
    _logger().append_keys(request_id=context.aws_request_id)


@functools.cache
def _logger() -> Logger:
    # ASCII only: json.dumps then escapes every control and line-end character there is.
    logger = Logger(utc=True, json_serializer=_one_line)
    copy_config_to_registered_loggers(logger, include={"lambdas"})
    return logger


def _one_line(record: dict[str, Any]) -> str:
    return json.dumps(record, default=str, separators=(",", ":"))
