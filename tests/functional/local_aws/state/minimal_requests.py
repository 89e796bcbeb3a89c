"""Requests with as little in them as botocore's model of an operation asks for."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.model import ListShape, MapShape, OperationModel, Shape, StringShape, StructureShape

from local_aws.requests.patterns import matches

_ROLE = "arn:aws:iam::123456789012:role/kept"
# One of these fits what most patterns ask for; the first that fits is taken.
_TEXTS = (
    *("kept", "Kept1", "kept-12345", "123456789012", "us-east-1", "2030-01-01T00:00:00Z"),
    *("a@example.com", "https://example.com", "s3://kept/kept", "10.0.0.0/16", "1", "1.0", "/kept"),
    *(_ROLE, "arn:aws:s3:::kept", "arn:aws:sns:us-east-1:123456789012:kept"),
    *("12345678-1234-1234-1234-123456789012", "0" * 12, "0" * 32, "a" * 40, "kept.example.com"),
    *("kept" * 9, "P1D", "rate(1 day)", "{}", "v1", "subnet-12345678", "vpc-12345678"),
)
# By the end of a member's name, where its model asks for any text.
_BY_NAME = {
    "rolearn": _ROLE,
    "role": _ROLE,
    "cidrblock": "10.0.0.0/16",
    "email": "a@example.com",
    "emailaddress": "a@example.com",
    "policydocument": '{"Version": "2012-10-17", "Statement": []}',
    "policy": '{"Version": "2012-10-17", "Statement": []}',
    "accountid": "123456789012",
    "arn": "arn:aws:sns:us-east-1:123456789012:kept",
    "json": "{}",
    "url": "https://example.com",
}
_DEEPEST = 8


def minimal_request(operation: OperationModel, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments for the operation: those given, and what else it requires."""
    shape = operation.input_shape
    if shape is None:
        return {}
    required = [name for name in shape.required_members if name not in given]
    return {**{name: _value(shape.members[name], name) for name in required}, **given}


def _value(shape: Shape, name: str, depth: int = 0) -> Any:
    if isinstance(shape, StructureShape):
        return _structure(shape, depth)
    if isinstance(shape, ListShape):
        count = max(1, shape.metadata.get("min", 1)) if depth < _DEEPEST else 0
        return [_value(shape.member, name, depth + 1) for _ in range(count)]
    if isinstance(shape, MapShape):
        pair = (_value(shape.key, "key", depth + 1), _value(shape.value, name, depth + 1))
        return dict([pair] if shape.metadata.get("min") else [])
    if isinstance(shape, StringShape):
        return _text(shape, name)
    return _scalar(shape)


def _structure(shape: StructureShape, depth: int) -> dict[str, Any]:
    if shape.is_document_type or depth > _DEEPEST:
        return {}
    names = shape.required_members
    if getattr(shape, "is_tagged_union", False):
        names = list(shape.members)[:1]
    return {name: _value(shape.members[name], name, depth + 1) for name in names}


def _text(shape: StringShape, name: str) -> str:
    if shape.enum:
        return str(shape.enum[0])
    hints = [text for end, text in _BY_NAME.items() if name.lower().endswith(end)]
    least = shape.metadata.get("min", 0)
    most = shape.metadata.get("max", 10**6)
    pattern = shape.metadata.get("pattern", r"[\s\S]*")
    for text in (*hints, *_TEXTS, "k" * least):
        if least <= len(text) <= most and matches(pattern, text):
            return text
    return "kept"


def _scalar(shape: Shape) -> Any:
    match shape.type_name:
        case "boolean":
            return False
        case "timestamp":
            return datetime(2030, 1, 1, tzinfo=UTC)
        case "blob":
            return b"kept"
        case _:
            return max(1, shape.metadata.get("min", 1))
