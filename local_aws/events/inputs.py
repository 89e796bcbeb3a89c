"""What a rule's target receives: the event, a part of it, or a text made from it.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

import json
import re
from collections.abc import Iterator
from functools import partial
from typing import Any

from moto.core.exceptions import ServiceException

_PATH_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\[['\"]([^'\"]+)['\"]\]|\[(\*)\]")
_TEMPLATE_TOKEN = re.compile(r'\\.|"|<([A-Za-z0-9_.\-]+)>|[^\\"<]+|<', re.DOTALL)
_MISSING = object()
_RESERVED = (
    "aws.events.rule-arn",
    "aws.events.rule-name",
    "aws.events.event.ingestion-time",
    "aws.events.event",
    "aws.events.event.json",
)


class InvalidInputError(ServiceException):
    """What the template makes of the event is no JSON. AWS does not deliver it, now or later."""

    code = "InvalidInput"


def input_of(
    target: dict[str, Any], event: dict[str, Any], rule_arn: str, received: str | None = None
) -> str:
    """Return the text that the target is sent for the event.

    `received` is when the event came in, in ISO 8601; the time of the event if it is not given.
    Raises InvalidInputError.
    """
    if "Input" in target:
        return str(target["Input"])
    if "InputPath" in target:
        found = _find(target["InputPath"], event)
        return "{}" if found is _MISSING else _json(found)
    if "InputTransformer" not in target:
        return _json(event)
    transformer = target["InputTransformer"]
    paths = transformer.get("InputPathsMap") or {}
    values = {name: _find(path, event) for name, path in paths.items()}
    reserved = _reserved_values(event, rule_arn, received or event["time"])
    text = _fill(transformer["InputTemplate"], values | reserved)
    if not _is_json(text):
        raise InvalidInputError(f"The template makes no JSON of the event: {text}")
    return text


def unknown_names(transformer: dict[str, Any]) -> Iterator[str]:
    """Yield the names in the template that are in no map; AWS refuses them."""
    known = {*(transformer.get("InputPathsMap") or {}), *_RESERVED}
    for token in _TEMPLATE_TOKEN.finditer(transformer["InputTemplate"]):
        if token[1] is not None and token[1] not in known:
            yield token[1]


def _reserved_values(event: dict[str, Any], rule_arn: str, received: str) -> dict[str, Any]:
    """AWS names one field of `aws.events.event` otherwise than it is in the event."""
    without_detail = {
        "detailType" if name == "detail-type" else name: value
        for name, value in event.items()
        if name != "detail"
    }
    values = (rule_arn, rule_arn.rpartition("/")[2], received, without_detail, event)
    return dict(zip(_RESERVED, values, strict=True))


def _find(path: str, event: Any) -> Any:
    """Return what `$.detail.items[0]` and the like name in the event, or _MISSING.

    A path with `[*]` names a list.
    """
    found, is_list = [event], False
    for name, index, quoted, every in _PATH_STEP.findall(path.removeprefix("$")):
        is_list = is_list or bool(every)
        step: Any = int(index) if index else name or quoted
        further = _items if every else partial(_at, step)
        found = [inner for value in found for inner in further(value)]
    if is_list:
        return found
    return found[0] if found else _MISSING


def _items(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _at(step: Any, value: Any) -> list[Any]:
    try:
        return [value[step]]
    except (KeyError, IndexError, TypeError):
        return []


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
    """AWS escapes nothing, and drops the quotes inside of lists and objects."""
    if value is _MISSING:
        return ""
    return value if isinstance(value, str) else _json(value).replace('"', "")


def _bare(value: Any) -> str:
    return '""' if value is _MISSING else _json(value)


def _is_json(text: str) -> bool:
    """Tell whether the text is JSON; a template may be several lines with a text each."""
    decoder, rest = json.JSONDecoder(), text.strip()
    try:
        while rest:
            rest = rest[decoder.raw_decode(rest)[1] :].lstrip()
    except ValueError:
        return False
    return True


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
