"""The events of an execution, read from the newest back, kept, and appended to.

Opening an execution needs its newest events at once, not all 25,000 that there may be: the older
ones follow a page at a time. Afterwards only events that are new are asked for.
https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetExecutionHistory.html
"""

from typing import TYPE_CHECKING, Any

from lambdas.boundary.text import printable_lines
from operations.executions.view import ENDINGS, Event

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

PAGE = 1000  # the most that GetExecutionHistory gives at once
FIRST = 200  # soon there, and all that most executions have
NEWS = 50


class History:
    """The events known of one execution, oldest first: all from some event to the newest."""

    def __init__(self, states: "SFNClient", execution_arn: str) -> None:
        self._states = states
        self._arn = execution_arn
        self._older: str | None = None
        self._texts: dict[str, str] = {}
        self.events: list[Event] = []

    @property
    def complete(self) -> bool:
        """Whether the first event is known, and so every one."""
        return bool(self.events) and self.events[0]["id"] == 1

    @property
    def ended(self) -> bool:
        """Whether the newest event is an end. It may come later than the status that it makes."""
        return bool(self.events) and self.events[-1]["type"] in ENDINGS

    def read_news(self) -> list[Event]:
        """Append the events since the last call, and return them; the first time, the newest."""
        if not self.events:
            found, self._older = self._page(FIRST)
            self.events = found
            return found
        newest = self.events[-1]["id"]
        news: list[Event] = []
        token: str | None = None
        while True:
            page, token = self._page(NEWS, token)
            news = [event for event in page if event["id"] > newest] + news
            if token is None or page[0]["id"] <= newest:
                break
        # Pages may overlap where events came while they were read.
        news = list({event["id"]: event for event in news}.values())
        self.events += news
        return news

    def read_older(self) -> bool:
        """Put one more page before the events that are known; return whether there was one."""
        if self.complete or self._older is None:
            return False
        oldest = self.events[0]["id"]
        page, self._older = self._page(PAGE, self._older)
        self.events = [event for event in page if event["id"] < oldest] + self.events
        return True

    def _page(self, size: int, token: str | None = None) -> tuple[list[Event], str | None]:
        """A page oldest first, and the token of the one before it."""
        continued: Any = {"nextToken": token} if token else {}
        answer = self._states.get_execution_history(
            executionArn=self._arn,
            reverseOrder=True,
            maxResults=size,
            includeExecutionData=True,
            **continued,
        )
        events = [self._slim(dict(event)) for event in reversed(answer["events"])]
        return events, answer.get("nextToken")

    def _slim(self, event: Event) -> Event:
        """The same event, its texts such that any page can show them.

        Texts that events have in common, as each output is an input, are kept once.
        """
        for details in event.values():
            if isinstance(details, dict):
                for name, value in details.items():
                    if isinstance(value, str):
                        text = printable_lines(value)
                        details[name] = self._texts.setdefault(text, text)
        return event
