"""Logging is set up once per process, so each case runs in a process of its own."""

import json
import os
import subprocess
import sys

PROGRAM = """
import logging
from types import SimpleNamespace
from lambdas.logs import start_logging

log = logging.getLogger("lambdas.on_upload")
assert not logging.getLogger("lambdas").handlers
for request in ("request-1", "request-2"):
    start_logging(SimpleNamespace(aws_request_id=request))
    log.info("upload %s", "started", extra={"dataset": "a\\x1b[31m\\x7f\\x9b\\u2028\\nb\\u6570"})
log.debug("not shown")
try:
    raise ValueError("line\\nend")
except ValueError:
    log.exception("failed")
"""


def run(**environment: str) -> list[str]:
    finished = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"POWERTOOLS_SERVICE_NAME": "retrain"} | environment,
    )
    return finished.stdout.splitlines()


def test_one_line_of_json_per_record():
    first, second, failed = map(json.loads, run())
    assert (first["message"], first["level"]) == ("upload started", "INFO")
    assert (first["service"], first["name"]) == ("retrain", "lambdas.on_upload")
    assert (first["request_id"], second["request_id"]) == ("request-1", "request-2")
    assert failed["exception_name"] == "ValueError"


def test_no_control_characters_and_nothing_of_the_environment():
    lines = run(AWS_SECRET_ACCESS_KEY="a-secret-key", AWS_SESSION_TOKEN="a-session-token")
    assert all(line.isascii() and line.isprintable() for line in lines)
    assert not any("a-secret-key" in line or "a-session-token" in line for line in lines)
    assert json.loads(lines[0])["dataset"] == "a\x1b[31m\x7f\x9b\u2028\nb数"


def test_the_level_is_a_setting():
    assert len(run(POWERTOOLS_LOG_LEVEL="ERROR")) == 1
    assert len(run(POWERTOOLS_LOG_LEVEL="DEBUG")) == 4
