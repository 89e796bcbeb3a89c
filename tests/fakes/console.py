"""Step Functions and CloudWatch Logs as far as the console reads them."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.fakes.service import FakeService, client_error, operation, page

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:retrain-dev"
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def arn_of(name: str) -> str:
    return f"{MACHINE.replace(':stateMachine:', ':execution:')}:{name}"


class FakeExecutions(FakeService):
    """Executions as DescribeExecution tells of them, listed newest first, and one history."""

    service = "stepfunctions"

    def __init__(self) -> None:
        super().__init__()
        self.described: dict[str, dict[str, Any]] = {}
        self.events: list[dict[str, Any]] = []

    def add(self, name: str, status: str = "SUCCEEDED", **more: Any) -> str:
        """Let an execution start, a minute after the one before; return its ARN."""
        started = BEGIN + timedelta(minutes=len(self.described))
        ended = {} if status == "RUNNING" else {"stopDate": started + timedelta(seconds=30)}
        self.described[arn_of(name)] = {
            "executionArn": arn_of(name),
            "stateMachineArn": MACHINE,
            "name": name,
            "status": status,
            "startDate": started,
            "input": "{}",
            **ended,
            **more,
        }
        return arn_of(name)

    @operation
    def list_executions(self, **request: Any) -> dict[str, Any]:
        newest = list(self.described.values())[::-1]
        wanted = [e for e in newest if request.get("statusFilter") in (None, e["status"])]
        start = int(request.get("nextToken", 0))
        shown, after = page(wanted, start, request.get("maxResults", 100))
        keys = ("executionArn", "stateMachineArn", "name", "status", "startDate", "stopDate")
        items = [{key: e[key] for key in keys if key in e} for e in shown]
        return {"executions": items} | ({"nextToken": str(after)} if after else {})

    @operation
    def describe_execution(self, **request: Any) -> dict[str, Any]:
        if request["executionArn"] not in self.described:
            raise client_error("ExecutionDoesNotExist", "DescribeExecution")
        return self.described[request["executionArn"]]

    @operation
    def describe_state_machine_for_execution(self, **request: Any) -> dict[str, Any]:
        states = {"PrepareRun": {"Type": "Task", "End": True}}
        definition = json.dumps({"StartAt": "PrepareRun", "States": states})
        return {"definition": definition}

    @operation
    def get_execution_history(self, **request: Any) -> dict[str, Any]:
        """A token is the id from which a page goes on, so that new events do not shift it."""
        assert request["reverseOrder"]
        below = int(request.get("nextToken", len(self.events)))
        events = self.events[max(0, below - request["maxResults"]) : below]
        shown = [_whole(event) for event in reversed(events)]
        left = below - len(shown)
        return {"events": shown} | ({"nextToken": str(left)} if left else {})


def _whole(event: dict[str, Any]) -> dict[str, Any]:
    """The event with what every task's details have on AWS."""
    always = {"resourceType": "sagemaker", "resource": "createTrainingJob.sync"}
    if event["type"] == "TaskScheduled":
        always |= {"region": "us-east-1", "parameters": "{}"}
    return {
        key: always | value if key.startswith("task") and isinstance(value, dict) else value
        for key, value in event.items()
    }


class FakeLogs(FakeService):
    """Streams of lines by name; tokens as those of CloudWatch, a direction and a place."""

    service = "logs"

    def __init__(self, **streams: list[str]) -> None:
        super().__init__()
        self.streams = {name.replace("__", "/"): lines for name, lines in streams.items()}

    @operation
    def describe_log_streams(self, **request: Any) -> dict[str, Any]:
        found = [n for n in self.streams if n.startswith(request["logStreamNamePrefix"])]
        return {"logStreams": [{"logStreamName": name} for name in sorted(found)]}

    @operation
    def get_log_events(self, **request: Any) -> dict[str, Any]:
        lines = self.streams[request["logStreamName"]]
        direction, _, place = request.get("nextToken", "").partition("/")
        limit = request["limit"]
        if direction == "f":
            start = int(place)
            end = min(len(lines), start + limit)
        else:
            end = int(place) if direction == "b" else len(lines)
            start = max(0, end - limit)
        events = [{"timestamp": n, "message": lines[n]} for n in range(start, end)]
        return {
            "events": events,
            "nextForwardToken": f"f/{end}",
            "nextBackwardToken": f"b/{start}",
        }
