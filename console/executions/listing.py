"""All executions of the state machine, newest first: listed in pages, described where looked at.

ListExecutions tells names and status. Who asked, the data set and the decision are in each
execution's own description: they are read for what is shown, and kept once an execution has ended.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from console.executions.origin import json_object, origin, text
from lambdas.boundary.s3_objects import error_code
from lambdas.boundary.text import one_line
from lambdas.gate.verdicts import REJECTED_ERROR
from lambdas.runs import files
from lambdas.runs.executions import run_id
from operations.run_files import decision as decision_file

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_stepfunctions import SFNClient

PAGE = 1000  # the most that ListExecutions gives at once
NEWEST = 100
MOST = 10_000  # older ones are not listed
KEPT = 5_000  # descriptions
LONGEST_DECISION, LONGEST_PROBLEM = 40, 300  # characters
AT_ONCE = 8  # calls of DescribeExecution
_GOING_ON = ("RUNNING", "PENDING_REDRIVE")


@dataclass(frozen=True)
class Listed:
    """What ListExecutions tells of an execution."""

    arn: str
    name: str
    status: str
    started: datetime
    stopped: datetime | None
    redrives: int

    @property
    def ended(self) -> bool:
        """Whether the status will change no more (a redrive apart)."""
        return self.status not in _GOING_ON


@dataclass(frozen=True)
class Details:
    """What the description of an execution tells; `decision` is empty before there is one.

    `problem` says in one line what of it cannot be read; empty where that is nothing.
    """

    started_by: str = ""
    reason: str = ""
    dataset: str = ""
    decision: str = ""
    accuracy: float | None = None
    problem: str = ""


class Executions:
    """The executions of one state machine, shared by all pages that show them."""

    def __init__(
        self, states: "SFNClient", s3: "S3Client", state_machine_arn: str, bucket: str
    ) -> None:
        self._states, self._s3 = states, s3
        self._machine, self._bucket = state_machine_arn, bucket
        self._listed: dict[str, Listed] = {}
        self._details: OrderedDict[Listed, Details] = OrderedDict()
        self._reading = threading.Lock()

    def listed(self) -> list[Listed]:
        """All executions now, newest first; after the first call only news are asked for."""
        with self._reading:
            found = self._news() if self._listed else self._list(PAGE, MOST)
            self._listed.update((each.arn, each) for each in found)
            newest = sorted(self._listed.values(), key=lambda each: each.started, reverse=True)
            self._listed = {each.arn: each for each in newest[:MOST]}
            return list(self._listed.values())

    def known(self, execution: Listed) -> Details | None:
        """What is known of an execution without asking."""
        return self._details.get(execution)

    def describe(self, executions: Iterable[Listed]) -> dict[str, Details]:
        """The details of these, by ARN; what is not known yet is asked for at the same time."""
        wanted = list(executions)
        unknown = [each for each in wanted if each not in self._details]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            found = dict(zip(unknown, pool.map(self._described, unknown), strict=True))
        for each, details in found.items():
            if each.ended:
                self._details[each] = details
        while len(self._details) > KEPT:
            self._details.popitem(last=False)
        return {each.arn: found.get(each) or self._details.get(each, Details()) for each in wanted}

    def _news(self) -> list[Listed]:
        """The newest, until all are known; those that run; and those that ran when last asked."""
        found: dict[str, Listed] = {}
        for page in self._pages(NEWEST):
            found |= {each.arn: each for each in page}
            if any(each.arn in self._listed for each in page):
                break
        found |= {each.arn: each for each in self._list(NEWEST, MOST, statusFilter="RUNNING")}
        gone = [e.arn for e in self._listed.values() if not e.ended and e.arn not in found]
        for arn in gone:
            try:
                described = dict(self._states.describe_execution(executionArn=arn))
            except ClientError as error:
                if error_code(error) != "ExecutionDoesNotExist":
                    raise
                del self._listed[arn]  # with its state machine
            else:
                found[arn] = _listed(described)
        return list(found.values())

    def _list(self, size: int, most: int, **only: Any) -> list[Listed]:
        found: list[Listed] = []
        for page in self._pages(size, **only):
            found += page
            if len(found) >= most:
                break
        return found[:most]

    def _pages(self, size: int, **only: Any) -> Iterable[list[Listed]]:
        pages = self._states.get_paginator("list_executions").paginate(
            stateMachineArn=self._machine, PaginationConfig={"PageSize": size}, **only
        )
        for page in pages:
            yield [_listed(dict(item)) for item in page["executions"]]

    def _described(self, execution: Listed) -> Details:
        try:
            described = self._states.describe_execution(executionArn=execution.arn)
        except ClientError as error:
            if error_code(error) != "ExecutionDoesNotExist":
                raise
            return Details()  # 90 days have passed since the list was read
        return details(dict(described), self._decision_of)

    def _decision_of(self, arn: str, problems: list[str]) -> dict[str, Any]:
        """A rejected run's execution fails without an output: its decision.json tells."""
        uri = f"s3://{self._bucket}/runs/{run_id(arn)}/decision.json"
        try:
            return files.read(self._s3, uri) or {}
        except (ValueError, ClientError) as error:
            problems.append(one_line(str(error)))
            return {}


def details(
    described: dict[str, Any],
    decision_of: Callable[[str, list[str]], dict[str, Any]] = lambda *_: {},
) -> Details:
    """Read an answer of DescribeExecution.

    `decision_of` finds the decision of a rejected run; its second argument takes problems.
    """
    problems: list[str] = []
    asked = origin(described.get("input", ""))
    output = json_object(described.get("output", ""))
    if described.get("error") == REJECTED_ERROR:
        found = decision_of(described["executionArn"], problems)
        gate = replace(decision_file.read(found, problems), decision="reject")
    else:
        gate = decision_file.read(output.get("quality_gate"), problems, "quality_gate")
    decision = gate.decision or ""
    if not decision and described["status"] == "SUCCEEDED" and _superseded(output):
        decision = "superseded"
    return Details(
        started_by=asked.started_by,
        reason=asked.reason,
        dataset=text(output, "dataset", "name") or asked.dataset,
        decision=one_line(decision, LONGEST_DECISION),
        accuracy=gate.metrics.get("accuracy"),
        problem=one_line("; ".join(problems), LONGEST_PROBLEM),
    )


def _superseded(output: dict[str, Any]) -> bool:
    found = [output, *(part for part in output.values() if isinstance(part, dict))]
    return any(part.get("outcome") == "superseded" for part in found)


def _listed(item: dict[str, Any]) -> Listed:
    return Listed(
        arn=item["executionArn"],
        name=item["name"],
        status=item["status"],
        started=item["startDate"],
        stopped=item.get("stopDate"),
        redrives=item.get("redriveCount", 0),
    )
