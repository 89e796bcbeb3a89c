"""The properties of a record by their names: `HyperParameters.epochs`, `Tags.team`.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_Filter.html
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

# What a filter calls `Metrics` stands in a training job's description under another name.
_METRICS = "FinalMetricDataList"
_STATISTICS = ("Avg", "Count", "Last", "Max", "Min", "StdDev")
_NUMBERS = ("double", "float", "integer", "long")


class InvalidExpressionError(ValueError):
    """AWS refuses the search for what it says."""


@dataclass(frozen=True)
class Property:
    """What stands under a name in a record: its model, and its values, of a list several.

    `free` properties are texts or numbers, as their writer liked: hyperparameters, say.
    """

    name: str
    shape: Shape
    values: list[Any]
    free: bool

    def texts(self, how: str) -> list[str]:
        """Return the values; raises InvalidExpressionError if they are no texts."""
        if self.shape.type_name != "string" and not self.free:
            raise InvalidExpressionError(f"{how} is not supported for the property {self.name}.")
        return [str(value) for value in self.values]

    def check_ordered(self, how: str) -> None:
        """Raise InvalidExpressionError if the values are texts, which AWS does not order."""
        if self.shape.type_name not in (*_NUMBERS, "timestamp") and not self.free:
            raise InvalidExpressionError(f"{how} is not supported for the property {self.name}.")


def find(shape: Shape, records: list[Any], name: str) -> Property:
    """Return what the records have under a name.

    Raises InvalidExpressionError, in the words that moto has for it, for a name that the model does
    not have.
    """
    parts = name.split(".")
    if isinstance(shape, StructureShape) and parts[0] == "Metrics" and _METRICS in shape.members:
        parts[0] = _METRICS
    found = _find(shape, records, parts)
    if found is None:
        raise InvalidExpressionError(f"Unknown property name: {name}")
    free = parts[0] in ("HyperParameters", "Parameters", "Environment")
    return Property(name, found[0], found[1], free)


def comparable(found: Property, value: Any, wanted: str) -> tuple[Any, Any]:
    """Return a value, and the value in a filter, as things that can be compared.

    Raises InvalidExpressionError for a filter whose value is none of the property's type.
    """
    kind = found.shape.type_name
    try:
        if kind == "timestamp":
            return _time(value), _time(datetime.fromisoformat(wanted))
        if kind in _NUMBERS:
            return float(value), float(wanted)
    except ValueError as error:
        raise InvalidExpressionError(f"{found.name}: {wanted!r} is not a {kind}.") from error
    if kind == "boolean":
        return value, wanted.lower() == "true"
    return _as_numbers(value, wanted) if found.free else (value, wanted)


def _as_numbers(value: Any, wanted: str) -> tuple[Any, Any]:
    """Compare numbers where both are such; with an integer, integers: so AWS's page has it."""
    try:
        return int(float(value)), int(wanted)
    except ValueError:
        pass
    try:
        return float(value), float(wanted)
    except ValueError:
        return str(value), wanted


def _time(value: Any) -> datetime:
    if not isinstance(value, datetime):
        return datetime.fromtimestamp(float(value), UTC)
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _find(shape: Shape, values: list[Any], parts: list[str]) -> tuple[Shape, list[Any]] | None:
    """Follow the parts of a name; None where the model has no such member."""
    values = [value for value in values if value is not None]
    if isinstance(shape, ListShape):
        elements = [element for value in values for element in value]
        named = _named(shape.member, elements, parts) if parts else None
        return named or _find(shape.member, elements, parts)
    if not parts:
        return shape, values
    if isinstance(shape, MapShape):
        key = ".".join(parts)
        return _scalar(shape.value, [value.get(key) for value in values])
    if not isinstance(shape, StructureShape) or parts[0] not in shape.members:
        return None
    below = [value.get(parts[0]) for value in values]
    return _find(shape.members[parts[0]], below, parts[1:])


def _named(shape: Shape, elements: list[Any], parts: list[str]) -> tuple[Shape, list[Any]] | None:
    """Find elements of a list by the names in them: a tag's value, a statistic of a metric."""
    members = shape.members if isinstance(shape, StructureShape) else {}
    key, value = ".".join(parts), "Value"
    if "MetricName" in members:
        label = "MetricName"
        if "Last" in members:
            statistics = {each.lower(): each for each in _STATISTICS}
            value = statistics.get(parts[-1].lower(), "")
            key = ".".join(parts[:-1]) if value else key
            value = value or "Last"
    elif "Key" in members:
        label = "Key"
    else:
        return None
    return members[value], [each.get(value) for each in elements if each.get(label) == key]


def _scalar(shape: Shape, values: list[Any]) -> tuple[Shape, list[Any]]:
    """Return the values of a map; a parameter or an artifact of a trial is a structure of one."""
    values = [value for value in values if value is not None]
    if not isinstance(shape, StructureShape):
        return shape, values
    of_values = [name for name in shape.members if name.endswith("Value")]
    return shape.members[of_values[0]], [
        value[name] for value in values for name in of_values if value.get(name) is not None
    ]
