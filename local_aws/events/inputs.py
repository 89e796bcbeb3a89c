"""What a rule's target receives: the event, a part of it, or a text made from it.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

import json
import re
from typing import Any

_PATH_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\['([^']+)'\]")
_TEMPLATE_TOKEN = re.compile(r'\\.|"|<([A-Za-z0-9_.\-]+)>|[^\\"<]+|<', re.DOTALL)
_MISSING = object()


def input_of(target: dict[str, Any], event: dict[str, Any], rule_arn: str) -> str:
    """Return the text that the target is sent for the event."""
    if "Input" in target:
        return str(target["Input"])
    if "InputPath" in target:
        found = _find(target["InputPath"], event)
        return "{}" if found is _MISSING else _json(found)
    if "InputTransformer" in target:
        transformer = target["InputTransformer"]
        paths = transformer.get("InputPathsMap") or {}
        values = {name: _find(path, event) for name, path in paths.items()}
        return _fill(
            transformer["InputTemplate"], {**_reserved_variables(event, rule_arn), **values}
        )
    return _json(event)


def _reserved_variables(event: dict[str, Any], rule_arn: str) -> dict[str, Any]:
    without_detail = {name: value for name, value in event.items() if name != "detail"}
    return {
        "aws.events.rule-arn": rule_arn,
        "aws.events.rule-name": rule_arn.rpartition("/")[2],
        "aws.events.event.ingestion-time": event["time"],
        "aws.events.event": without_detail,
        "aws.events.event.json": event,
    }


def _find(path: str, event: Any) -> Any:
    """Return what `$.detail.items[0]` and the like name in the event, or _MISSING."""
    found = event
    for name, index, quoted in _PATH_STEP.findall(path.removeprefix("$")):
        try:
            found = found[int(index)] if index else found[name or quoted]
        except (KeyError, IndexError, TypeError):
            return _MISSING
    return found


def _fill(template: str, values: dict[str, Any]) -> str:
    """Put the values in the place of `<name>`: as JSON, or as bare text inside of quotes."""
    filled, quoted = [], False
    for token in _TEMPLATE_TOKEN.finditer(template):
        name = token[1]
        if token[0] == '"':
            quoted = not quoted
        if name is None or name not in values:
            filled.append(token[0])
        else:
            filled.append(_inside_quotes(values[name]) if quoted else _bare(values[name]))
    return "".join(filled)


def _inside_quotes(value: Any) -> str:
    if value is _MISSING:
        return ""
    return json.dumps(value if isinstance(value, str) else _json(value), ensure_ascii=False)[1:-1]


def _bare(value: Any) -> str:
    return "null" if value is _MISSING else _json(value)


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
