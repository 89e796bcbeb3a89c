"""Holds a request against a shape of botocore's service model, and words what AWS would say."""

from collections.abc import Iterator
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

from local_aws.requests.patterns import matches

_NUMBERS = ("integer", "long", "float", "double")
_CLASSES = {
    "string": "String",
    "integer": "Integer",
    "long": "Long",
    "float": "Float",
    "double": "Double",
    "boolean": "Boolean",
}
_ACCEPTED: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "boolean": bool,
    "float": (int, float),
    "double": (int, float),
    "list": list,
    "map": dict,
    "structure": dict,
}


class SerializationError(Exception):
    """The request has a JSON type where its shape wants another."""


def violations(shape: Shape, value: Any, path: str = "") -> Iterator[str]:
    """Yield a sentence for each constraint of `shape` that `value` fails, in AWS's words.

    Raises SerializationError. Unknown members pass, as they do on AWS.
    """
    _check_type(shape, value)
    if path:
        for problem in _own_problems(shape, value):
            yield _sentence(shape, value, path, problem)
    if isinstance(shape, StructureShape):
        yield from _of_structure(shape, value, path)
    elif isinstance(shape, ListShape):
        yield from _of_list(shape, value, path)
    elif isinstance(shape, MapShape):
        yield from _of_map(shape, value, path)


def unknown_members(shape: Shape, value: Any, path: str = "") -> Iterator[str]:
    """Yield the paths of members that the shape does not have."""
    if isinstance(shape, StructureShape) and not shape.is_document_type:
        for name, member in value.items():
            if name not in shape.members:
                yield f"{path}{name}"
            elif member is not None:
                yield from unknown_members(shape.members[name], member, f"{path}{name}.")
    elif isinstance(shape, ListShape):
        for member in filter(None, value):
            yield from unknown_members(shape.member, member, path)


def _of_structure(shape: StructureShape, value: dict[str, Any], path: str) -> Iterator[str]:
    for name in shape.required_members:
        if value.get(name) is None and "location" not in shape.members[name].serialization:
            yield _sentence(shape, None, _join(path, name), "Member must not be null")
    for name, member in value.items():
        if name in shape.members and member is not None:
            yield from violations(shape.members[name], member, _join(path, name))


def _of_list(shape: ListShape, value: list[Any], path: str) -> Iterator[str]:
    value = [member for member in value if member is not None]
    if not _is_scalar(shape.member):
        for number, member in enumerate(value, start=1):
            yield from violations(shape.member, member, f"{path}.{number}.member")
        return
    for member in value:
        _check_type(shape.member, member)
    if any(_own_problems(shape.member, member) for member in value):
        problem = f"Member must satisfy constraint: [{_all_constraints(shape.member)}]"
        yield _sentence(shape, value, path, problem)


def _of_map(shape: MapShape, value: dict[str, Any], path: str) -> Iterator[str]:
    value = {key: member for key, member in value.items() if member is not None}
    if any(_own_problems(shape.key, key) for key in value):
        problem = f"Map keys must satisfy constraint: [{_all_constraints(shape.key)}]"
        yield _sentence(shape, value, path, problem)
    if not _is_scalar(shape.value):
        for key, member in value.items():
            yield from violations(shape.value, member, f"{path}.{key}.member")
        return
    for member in value.values():
        _check_type(shape.value, member)
    if any(_own_problems(shape.value, member) for member in value.values()):
        problem = f"Map value must satisfy constraint: [{_all_constraints(shape.value)}]"
        yield _sentence(shape, value, path, problem)


def _own_problems(shape: Shape, value: Any) -> list[str]:
    """Return the constraints that the value itself fails, leaving its members aside."""
    if shape.type_name in _NUMBERS:
        return _beyond(shape, value, "value")
    if shape.type_name in ("list", "map"):
        return _beyond(shape, len(value), "length")
    if isinstance(shape, StringShape):
        problems = _beyond(shape, len(value.encode("utf-16-le", "surrogatepass")) // 2, "length")
        if not matches(shape.metadata.get("pattern", r"[\s\S]*"), value):
            problems.append(_must_match(shape))
        if shape.enum and value not in shape.enum:
            problems.append(_must_be_one_of(shape))
        return problems
    return []


def _beyond(shape: Shape, measure: float, what: str) -> list[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    problems = []
    if most is not None and measure > most:
        problems.append(f"Member must have {what} less than or equal to {most}")
    if least is not None and measure < least:
        problems.append(f"Member must have {what} greater than or equal to {least}")
    return problems


def _all_constraints(shape: Shape) -> str:
    what = "value" if shape.type_name in _NUMBERS else "length"
    constraints = [
        f"Member must have {what} {word} than or equal to {shape.metadata[bound]}"
        for bound, word in (("max", "less"), ("min", "greater"))
        if bound in shape.metadata
    ]
    if "pattern" in shape.metadata:
        constraints.append(_must_match(shape))
    if isinstance(shape, StringShape) and shape.enum:
        constraints.append(_must_be_one_of(shape))
    return ", ".join(constraints)


def _must_match(shape: Shape) -> str:
    return f"Member must satisfy regular expression pattern: {shape.metadata['pattern']}"


def _must_be_one_of(shape: StringShape) -> str:
    return f"Member must satisfy enum value set: [{', '.join(shape.enum)}]"


def _sentence(shape: Shape, value: Any, path: str, problem: str) -> str:
    if value is None:
        shown = " null"
    else:
        shown = "" if shape.metadata.get("sensitive") else f" '{_shown(value)}'"
    return f"Value{shown} at '{path}' failed to satisfy constraint: {problem}"


def _shown(value: Any) -> str:
    """Return the value as Java prints it."""
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    if isinstance(value, dict):
        pairs = (f"{name}={_shown(member)}" for name, member in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def _check_type(shape: Shape, value: Any) -> None:
    kind = shape.type_name
    if kind in ("integer", "long"):
        fits = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    else:
        fits = isinstance(value, _ACCEPTED.get(kind, object))
    if fits and not (isinstance(value, bool) and kind in _NUMBERS):
        return
    if isinstance(value, dict):
        raise SerializationError("Start of structure or map found where not expected.")
    if isinstance(value, list):
        raise SerializationError("Start of list found where not expected")
    if kind not in _CLASSES:
        raise SerializationError("Unexpected field type")
    article = "an" if _CLASSES[kind][0] in "AEIOU" else "a"
    raise SerializationError(f"{_token(value)} can not be converted to {article} {_CLASSES[kind]}")


def _token(value: Any) -> str:
    if isinstance(value, bool):
        return "TRUE_VALUE" if value else "FALSE_VALUE"
    return "STRING_VALUE" if isinstance(value, str) else "NUMBER_VALUE"


def _is_scalar(shape: Shape) -> bool:
    return shape.type_name not in ("structure", "list", "map")


def _join(path: str, name: str) -> str:
    name = name[:1].lower() + name[1:]
    return f"{path}.{name}" if path else name
