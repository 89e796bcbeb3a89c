"""A fake Step Functions that also lists executions and tells what happened in them."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.fakes.service import FakeService, client_error, operation, page

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:retrain-dev"
STARTED = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class ListedExecution:
    """One execution; ``entered`` holds the names of its states in order."""

    name: str
    started: datetime = STARTED
    status: str = "RUNNING"
    error: str | None = None
    cause: str | None = None
    entered: list[str] = field(default_factory=list)
    input: dict[str, Any] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        """The execution's ARN."""
        return f"{MACHINE.replace(':stateMachine:', ':execution:')}:{self.name}"


class FakeExecutions(FakeService):
    """The executions of one machine, in pages, the most recent first, as AWS lists them."""

    service = "stepfunctions"

    def __init__(self) -> None:
        super().__init__()
        self.executions: dict[str, ListedExecution] = {}
        self.unlisted: set[str] = set()  # names that no list shows yet

    def add(self, name: str, **fields: Any) -> ListedExecution:
        """Let there be an execution."""
        execution = ListedExecution(name, **fields)
        self.executions[execution.arn] = execution
        return execution

    def named(self, name: str) -> ListedExecution:
        """Return the execution of that name."""
        return next(each for each in self.executions.values() if each.name == name)

    @operation
    def start_execution(self, **request: Any) -> dict[str, Any]:
        execution = self.add(request["name"], input=json.loads(request["input"]))
        return {"executionArn": execution.arn, "startDate": execution.started}

    @operation
    def list_executions(self, **request: Any) -> dict[str, Any]:
        assert request["stateMachineArn"] == MACHINE
        found = [
            {
                "executionArn": execution.arn,
                "stateMachineArn": MACHINE,
                "name": execution.name,
                "status": execution.status,
                "startDate": execution.started,
            }
            for execution in self.executions.values()
            if execution.status == request.get("statusFilter", execution.status)
            and execution.name not in self.unlisted
        ]
        found.sort(key=lambda execution: execution["startDate"], reverse=True)
        return self._page("executions", found, request)

    @operation
    def describe_execution(self, **request: Any) -> dict[str, Any]:
        execution = self.executions.get(request["executionArn"])
        if execution is None:
            raise client_error("ExecutionDoesNotExist", "DescribeExecution")
        described = {
            "executionArn": execution.arn,
            "stateMachineArn": MACHINE,
            "name": execution.name,
            "status": execution.status,
            "startDate": execution.started,
            "error": execution.error,
            "cause": execution.cause,
        }
        return {key: value for key, value in described.items() if value is not None}

    @operation
    def get_execution_history(self, **request: Any) -> dict[str, Any]:
        names = self.executions[request["executionArn"]].entered
        types = [("ExecutionStarted", "")] + [
            (type_, name)
            for name in names
            for type_ in ("TaskStateEntered", "TaskScheduled", "TaskStarted")
        ]
        events = [_event(number, *what) for number, what in enumerate(types, start=1)]
        if request.get("reverseOrder"):
            events.reverse()
        return self._page("events", events, request)

    def _page(
        self, member: str, items: list[dict[str, Any]], request: dict[str, Any]
    ) -> dict[str, Any]:
        found, following = page(items, int(request.get("nextToken", 0)), self.page_size)
        token = {} if following is None else {"nextToken": str(following)}
        return {member: found, **token}


def _event(number: int, type_: str, state: str) -> dict[str, Any]:
    entered = {"stateEnteredEventDetails": {"name": state}} if "Entered" in type_ else {}
    return {"timestamp": STARTED, "type": type_, "id": number, **entered}
