"""From a task's parameters to an API's request, and from an API's answer to a task's output.

https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html: fields are in
PascalCase even where the API's are not, and a text may be given as the JSON that it holds. Two of
AWS's SDKs are at work: the one for Java 2 calls what `aws-sdk:` tasks name, and version 1 the
optimized integrations, which keep the API's names but for the first letter, and give times in
milliseconds since 1970.
"""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape
from botocore.response import StreamingBody

from local_aws.stepfunctions.integrations.java_names import field


@dataclass(frozen=True)
class Style:
    """How an SDK has what is in an API's model: the names of fields, and times."""

    field: Callable[[str], str]
    time: Callable[[datetime], str | int]


def _first_letter_capital(member: str) -> str:
    return member[:1].upper() + member[1:]


def _milliseconds(time: datetime) -> int:
    return int(time.timestamp() * 1000)


def _instant(time: datetime) -> str:
    """Return the time as Java prints it: `2023-01-01T00:00:00Z`, with milliseconds if any."""
    in_utc = time.astimezone(UTC)
    unit = "milliseconds" if in_utc.microsecond else "seconds"
    return in_utc.isoformat(timespec=unit).replace("+00:00", "Z")


AWS_SDK = Style(field, _instant)
OPTIMIZED = Style(_first_letter_capital, _milliseconds)


def request(given: Any, shape: Shape | None, style: Style) -> Any:
    """Return the parameters as boto3 takes them.

    A null is no parameter; a text or bytes may be given as JSON, which for bytes any value is.

    Raises:
        ValueError: a field that the API does not have.
    """
    if isinstance(shape, StructureShape) and isinstance(given, Mapping):
        return _members(given, shape, style)
    if isinstance(shape, ListShape) and isinstance(given, list):
        return [request(item, shape.member, style) for item in given]
    if isinstance(shape, MapShape) and isinstance(given, Mapping):
        return {key: request(value, shape.value, style) for key, value in given.items()}
    type_name = shape.type_name if shape else None
    if type_name == "blob" and not isinstance(given, bytes):
        return _compact(given).encode()
    if type_name == "string" and not isinstance(given, str):
        return _compact(given)
    return given


def _members(given: Mapping[str, Any], shape: StructureShape, style: Style) -> dict[str, Any]:
    known = {style.field(member): member for member in shape.members}
    known |= {_first_letter_capital(member): member for member in shape.members}
    result = {}
    for name, value in given.items():
        member = known.get(name) or (name if name in shape.members else None)
        if member is None:
            raise ValueError(f"The field '{name}' is not supported by Step Functions")
        if value is not None:
            result[member] = request(value, shape.members[member], style)
    return result


def answer(found: Any, shape: Shape | None, style: Style) -> Any:
    """Return the answer as JSON, whatever is in it: times, bytes and streams become texts."""
    if isinstance(found, Mapping):
        return {
            _name(key, shape, style): answer(value, _inner(shape, key), style)
            for key, value in found.items()
        }
    if isinstance(found, list | tuple | set):
        return [answer(item, _inner(shape, ""), style) for item in found]
    if isinstance(found, StreamingBody):
        found = found.read()
    if isinstance(found, datetime):
        return style.time(found)
    if isinstance(found, bytes | bytearray):
        return _text(bytes(found))
    if isinstance(found, date):
        return found.isoformat()
    return found if found is None or isinstance(found, str | int | float) else str(found)


def _name(key: str, shape: Shape | None, style: Style) -> str:
    is_member = isinstance(shape, StructureShape) and key in shape.members
    return style.field(key) if is_member else key


def _inner(shape: Shape | None, key: str) -> Shape | None:
    if isinstance(shape, StructureShape):
        return shape.members.get(key)
    if isinstance(shape, MapShape):
        inner: Shape = shape.value
        return inner
    return shape.member if isinstance(shape, ListShape) else None


def _text(found: bytes) -> str:
    """Return what the bytes say; in base64 what is no text."""
    try:
        return found.decode()
    except UnicodeDecodeError:
        return base64.b64encode(found).decode()


def _compact(given: Any) -> str:
    return json.dumps(given, separators=(",", ":"), ensure_ascii=False)
