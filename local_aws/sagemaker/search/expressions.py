"""Whether a record satisfies a search expression, by the names that its model in botocore has.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_Filter.html
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_SearchExpression.html
"""

import operator
from collections.abc import Callable, Mapping
from typing import Any

from botocore.model import Shape

from local_aws.sagemaker.search.properties import (
    InvalidExpressionError,
    Property,
    comparable,
    find,
)

Record = Mapping[str, Any]

_ORDERED: dict[str, Callable[[Any, Any], bool]] = {
    "GreaterThan": operator.gt,
    "GreaterThanOrEqualTo": operator.ge,
    "LessThan": operator.lt,
    "LessThanOrEqualTo": operator.le,
}
# Of these an expression may have several Contains, of all others one.
_CONTAINED_OFTEN = (
    "DisplayName",
    "ExperimentName",
    "InputArtifacts",
    "OutputArtifacts",
    "Tags",
    "TrialComponentName",
    "TrialName",
)


def check(shape: Shape, expression: Mapping[str, Any]) -> None:
    """Refuse an expression that AWS refuses, whatever there is to be found.

    Raises InvalidExpressionError.
    """
    if not any(expression.get(part) for part in ("Filters", "NestedFilters", "SubExpressions")):
        raise InvalidExpressionError(
            "You must provide at least one subexpression, filter, or nested filter."
        )
    filters = list(_all_filters(expression))
    for each in filters:
        _satisfies(find(shape, [], each["Name"]), each)
    contained = [each["Name"] for each in filters if each.get("Operator") == "Contains"]
    if len([name for name in contained if name.split(".")[0] not in _CONTAINED_OFTEN]) > 1:
        raise InvalidExpressionError("'CONTAINS' operator usage limit of 1 exceeded.")


def matches(shape: Shape, record: Record, expression: Mapping[str, Any]) -> bool:
    """Tell whether the record satisfies all parts of the expression or, with `Or`, one of them."""
    parts = [
        *(_matches(shape, record, each) for each in expression.get("Filters", ())),
        *(_matches_nested(shape, record, each) for each in expression.get("NestedFilters", ())),
        *(matches(shape, record, each) for each in expression.get("SubExpressions", ())),
    ]
    return any(parts) if expression.get("Operator") == "Or" else all(parts)


def _all_filters(expression: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    nested = [inner for each in expression.get("NestedFilters", ()) for inner in each["Filters"]]
    deeper = [
        inner for each in expression.get("SubExpressions", ()) for inner in _all_filters(each)
    ]
    return [*expression.get("Filters", ()), *nested, *deeper]


def _matches(shape: Shape, record: Record, condition: Mapping[str, Any]) -> bool:
    return _satisfies(find(shape, [record], condition["Name"]), condition)


def _matches_nested(shape: Shape, record: Record, nested: Mapping[str, Any]) -> bool:
    """Tell whether one element of a list satisfies all conditions, whose names begin with its."""
    name = nested["NestedPropertyName"]
    elements = find(shape, [record], name)
    return any(
        all(
            _satisfies(
                find(elements.shape, [element], condition["Name"].removeprefix(f"{name}.")),
                condition,
            )
            for condition in nested["Filters"]
        )
        for element in elements.values
    )


def _satisfies(found: Property, condition: Mapping[str, Any]) -> bool:
    """Hold a property against a condition; of several values one has to satisfy it."""
    wanted = condition.get("Value")
    how = condition.get("Operator") or ("Exists" if wanted is None else "Equals")
    if how in ("Exists", "NotExists"):
        return bool(found.values) is (how == "Exists")
    if wanted is None:
        raise InvalidExpressionError(f"{condition['Name']}: the operator {how} needs a value.")
    if how == "In":
        return any(value in wanted.split(",") for value in found.texts(how))
    if how == "Contains":
        return any(wanted in value for value in found.texts(how))
    pairs = [comparable(found, value, wanted) for value in found.values]
    if how in _ORDERED:
        found.check_ordered(how)
        return any(type(a) is type(b) and _ORDERED[how](a, b) for a, b in pairs)
    return any(a == b for a, b in pairs) is (how == "Equals")
