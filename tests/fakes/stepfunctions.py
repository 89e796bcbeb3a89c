"""A fake Step Functions with AWS's rules for starting a name twice.

Running with the same input: the same execution again. Another input, or ended:
ExecutionAlreadyExists.
https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
"""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.fakes.service import FakeService, client_error, operation, page

STARTED = datetime(2026, 1, 1, tzinfo=UTC)
# https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html (name)
NAME = r"[^\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]{1,80}"


@dataclass
class Execution:
    """One execution, RUNNING until ``FakeStepFunctions.end`` ends it."""

    arn: str
    name: str
    input: dict[str, Any]
    status: str = "RUNNING"
    started: datetime = STARTED
    output: dict[str, Any] | None = None


class FakeStepFunctions(FakeService):
    """One account's executions by ARN."""

    service = "stepfunctions"

    def __init__(self) -> None:
        super().__init__()
        self.executions: dict[str, Execution] = {}
        self.started: list[Execution] = []  # for ever

    def end(
        self,
        execution_arn: str,
        status: str = "SUCCEEDED",
        output: dict[str, Any] | None = None,
    ) -> None:
        """Let an execution end."""
        execution = self.executions[execution_arn]
        execution.status, execution.output = status, output

    def forget(self) -> None:
        """Let 90 days go by after the end of every execution that has ended."""
        self.executions = {a: e for a, e in self.executions.items() if e.status == "RUNNING"}

    @operation
    def start_execution(self, **request: Any) -> dict[str, Any]:
        name, asked = request["name"], json.loads(request["input"])
        assert re.fullmatch(NAME, name), f"InvalidName: {name!r}"
        machine = request["stateMachineArn"]
        arn = f"{machine.replace(':stateMachine:', ':execution:')}:{name}"
        if arn not in self.executions:
            started = STARTED + timedelta(seconds=len(self.started))
            self.executions[arn] = Execution(arn, name, asked, started=started)
            self.started.append(self.executions[arn])
        known = self.executions[arn]
        if known.status != "RUNNING" or known.input != asked:
            raise client_error("ExecutionAlreadyExists", "StartExecution")
        return {"executionArn": arn, "startDate": known.started}

    @operation
    def describe_execution(self, **request: Any) -> dict[str, Any]:
        known = self.executions.get(request["executionArn"])
        if known is None:
            raise client_error("ExecutionDoesNotExist", "DescribeExecution")
        output = {} if known.output is None else {"output": json.dumps(known.output)}
        return {
            "executionArn": known.arn,
            "stateMachineArn": known.arn.replace(":execution:", ":stateMachine:").rsplit(":", 1)[0],
            "name": known.name,
            "status": known.status,
            "startDate": known.started,
            "input": json.dumps(known.input),
            **output,
        }

    @operation
    def list_executions(self, **request: Any) -> dict[str, Any]:
        """In pages, the most recent first."""
        found = [
            {
                "executionArn": known.arn,
                "stateMachineArn": request["stateMachineArn"],
                "name": known.name,
                "status": known.status,
                "startDate": known.started,
            }
            for known in reversed(self.executions.values())
            if known.status == request.get("statusFilter", known.status)
        ]
        shown, following = page(found, int(request.get("nextToken", 0)), self.page_size)
        token = {} if following is None else {"nextToken": str(following)}
        return {"executions": shown, **token}
