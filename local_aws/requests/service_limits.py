"""The limits of AWS's services that botocore's models do not hold: service_limits.json.

A request that breaks one is refused before its service, as AWS refuses it.
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from local_aws.requests.calls import Call
from local_aws.requests.refusals import Refusal

Parameters = Mapping[str, Any]


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


_MEASURES: dict[str, Callable[[Any], int]] = {
    "value": int,
    "entries": len,
    "bytes": lambda text: len(text.encode("utf-8", "surrogatepass")),
    "bytes of JSON": lambda value: len(_json(value).encode("utf-8", "surrogatepass")),
    "characters after the last colon": lambda text: len(text.rpartition(":")[2]),
    "characters without white space": lambda text: len(re.sub(r"\s", "", text)),
}


@dataclass(frozen=True)
class Limit:
    """One limit: of which member of which calls, what it is, and where AWS says so.

    A value is held against `pattern`, and its `measure` against `most`; either may be missing.
    """

    calls: tuple[str, ...]  # `s3/CreateBucket`
    member: str  # with the members that it is in: `Environment.Variables`
    code: str
    message: str
    page: str
    certainty: str
    measure: str = ""
    most: int = 0
    pattern: str = ""
    status: int = HTTPStatus.BAD_REQUEST

    def allows(self, value: Any) -> bool:
        """Tell whether AWS takes the value."""
        if self.pattern and not re.fullmatch(self.pattern, value):
            return False
        return not self.measure or _MEASURES[self.measure](value) <= self.most

    def said(self, value: Any) -> str:
        """Return what AWS says to a value that it does not take."""
        shown = value if isinstance(value, str) else _json(value)
        return self.message.replace("{most}", str(self.most)).replace("{value}", shown)


def _read() -> list[Limit]:
    text = Path(__file__).with_name("service_limits.json").read_text(encoding="utf-8")
    rows = json.loads(text)["limits"]
    return [Limit(**{**row, "calls": tuple(row["calls"])}) for row in rows]


LIMITS = tuple(_read())
_BY_CALL: dict[str, list[Limit]] = defaultdict(list)
for _limit in LIMITS:
    for _call in _limit.calls:
        _BY_CALL[_call].append(_limit)


def limit(member: str) -> Limit:
    """Return the limit of something that no call is refused for."""
    return next(each for each in LIMITS if not each.calls and each.member == member)


def limit_of(call: str) -> Limit:
    """Return the first limit of a call."""
    return _BY_CALL[call][0]


def broken(call: str, parameters: Parameters) -> Iterator[tuple[Limit, Any]]:
    """Yield each limit that the parameters of the call break, and the value that breaks it."""
    for each in _BY_CALL.get(call, ()):
        value = _value(parameters, each.member)
        if value is not None and not each.allows(value):
            yield each, value


def has_limits(call: Call) -> bool:
    """Tell whether the table knows the call."""
    return str(call) in _BY_CALL


def refusal(call: Call, parameters: Parameters) -> Refusal | None:
    """Return how AWS refuses the call by the first limit that it breaks; None if it breaks none."""
    for each, value in broken(str(call), parameters):
        return Refusal(each.status, each.code, each.said(value))
    return None


def _value(parameters: Any, member: str) -> Any:
    for name in member.split("."):
        if not isinstance(parameters, Mapping):
            return None
        parameters = parameters.get(name)
    return parameters
