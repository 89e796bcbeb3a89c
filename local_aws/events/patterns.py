"""Which events a pattern matches, and which patterns EventBridge refuses.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html

moto's matcher takes true for 1, does not look into lists of objects, and takes any word for the
name of a comparison. As in EventBridge, an event is here a set of leaves with the names of their
fields joined by dots, so that `{"a.b": 1}` and `{"a": {"b": 1}}` are the same.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, NoReturn

from moto.events.exceptions import InvalidEventPatternException

from local_aws.events import comparisons, wildcards

_OR = "$or"
_LEAST_ALTERNATIVES = 2
_MOST_COMBINATIONS = 1000
# With one of these names inside, `$or` is a field like any other.
_RESERVED_IN_OR = {
    *("exactly", "equals-ignore-case", "prefix", "suffix", "anything-but", "exists", "wildcard"),
    *("numeric", "cidr", "=", "<", "<=", ">", ">=", "regex"),
    *("not-wildcard", "not-equals-ignore-case", "date-after", "date-on-or-after", "date-before"),
    *("date-on-or-before", "in-date-range", "ip-address-in-range", "ip-address-not-in-range"),
}
_ABSENT = {"exists": False}

_Branch = dict[str, list[Any]]  # rules by the field's full name
_Place = frozenset[tuple[int, int]]  # (list, index in the list) of each list around a leaf


class _Leaf(NamedTuple):
    value: Any
    place: _Place


def decode(text: str) -> Any:
    """Decode JSON; raise ValueError for what is none, and for what nests too deep to be read.

    Python's decoder takes NaN, which is no JSON.
    """
    try:
        return json.loads(text, parse_constant=_no_constant)
    except RecursionError as error:
        raise ValueError("the JSON nests too deep") from error


def read(text: str) -> dict[str, Any]:
    """Decode a pattern.

    Raises InvalidEventPatternException for one that EventBridge refuses.
    """
    try:
        pattern: dict[str, Any] = decode(text)
        check(pattern)
    except (ValueError, RecursionError) as error:
        raise InvalidEventPatternException(f"Invalid JSON: {error}") from error
    return pattern


def check(pattern: Any) -> None:
    """Raise InvalidEventPatternException for a pattern that EventBridge refuses."""
    if not isinstance(pattern, dict):
        _refuse("Filter is not an object")
    _check_object(pattern)
    if _combinations(pattern) > _MOST_COMBINATIONS:
        _refuse(f"{_OR} results in more than {_MOST_COMBINATIONS} rule combinations")


def matches(pattern: dict[str, Any], event: Any) -> bool:
    """Tell whether every field of the pattern holds for the event, a decoded JSON object.

    Of a list of objects one must match the pattern as a whole.
    """
    leaves: defaultdict[str, list[_Leaf]] = defaultdict(list)
    for path, leaf in _leaves(event, "", frozenset()):
        leaves[path].append(leaf)
    return any(_branch_matches(branch, leaves) for branch in _branches(pattern, ""))


def _refuse(reason: str) -> NoReturn:
    raise InvalidEventPatternException(reason)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _check_object(pattern: dict[str, Any]) -> None:
    if not pattern:
        _refuse("Empty objects are not allowed")
    for name, wanted in pattern.items():
        if _is_or(name, wanted):
            for alternative in wanted:
                _check_object(alternative)
        elif isinstance(wanted, dict):
            _check_object(wanted)
        elif isinstance(wanted, list):
            _check_rules(wanted)
        else:
            _refuse(f'"{name}" must be an object or an array')


def _check_rules(rules: list[Any]) -> None:
    if not rules:
        _refuse("Empty arrays are not allowed")
    if any(isinstance(rule, list) for rule in rules):
        _refuse("Match value must be String, number, true, false, or null")
    compared = [rule for rule in rules if isinstance(rule, dict)]
    try:
        for rule in compared:
            comparisons.check(rule)
        wildcards.check([rule["wildcard"] for rule in compared if "wildcard" in rule])
    except (comparisons.OperandError, wildcards.WildcardError) as error:
        raise InvalidEventPatternException(str(error)) from error


def _is_or(name: str, wanted: Any) -> bool:
    """Tell whether this is AWS's `$or`; older patterns may have a field of that name."""
    return (
        name == _OR
        and isinstance(wanted, list)
        and len(wanted) >= _LEAST_ALTERNATIVES
        and all(isinstance(item, dict) and not _RESERVED_IN_OR & item.keys() for item in wanted)
    )


def _combinations(pattern: dict[str, Any]) -> int:
    """Count the branches; AWS documents the limit.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html#eb-filtering-complex-example-or
    """
    count = 1
    for name, wanted in pattern.items():
        if _is_or(name, wanted):
            count *= sum(_combinations(alternative) for alternative in wanted)
        elif isinstance(wanted, dict):
            count *= _combinations(wanted)
    return count


def _branches(pattern: dict[str, Any], path: str) -> list[_Branch]:
    """Return the pattern without `$or`: one branch must match. The last rules of a field count."""
    branches: list[_Branch] = [{}]
    for name, wanted in pattern.items():
        if _is_or(name, wanted):
            inner = [branch for item in wanted for branch in _branches(item, path)]
        elif isinstance(wanted, dict):
            inner = _branches(wanted, _joined(path, name))
        else:
            inner = [{_joined(path, name): wanted}]
        branches = [branch | more for branch in branches for more in inner]
    return branches


def _leaves(value: Any, path: str, place: _Place) -> Iterator[tuple[str, _Leaf]]:
    """Yield the event's leaves by their full names; an empty object or list has none."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, _joined(path, name), place)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _leaves(item, path, place | {(id(value), index)})
    else:
        yield path, _Leaf(value, place)


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _branch_matches(branch: _Branch, leaves: Mapping[str, list[_Leaf]]) -> bool:
    """Follow the branch field by field, with the places in which all fields so far hold.

    EventBridge goes in the order of the names too, which decides whether a field that must not
    exist is missed in one item or in all.
    """
    shared = _shared_lists(branch, leaves)
    places: set[_Place] = {frozenset()}
    for path in sorted(branch):
        found = [
            _Leaf(leaf.value, frozenset(step for step in leaf.place if step[0] in shared))
            for leaf in leaves.get(path, [])
        ]
        places = _ahead(places, branch[path], found)
    return bool(places)


def _shared_lists(branch: _Branch, leaves: Mapping[str, list[_Leaf]]) -> set[int]:
    """Return the lists of which two fields or more must hold for the same item."""
    fields = Counter(
        known
        for path in branch
        for known in {step[0] for leaf in leaves.get(path, []) for step in leaf.place}
    )
    return {known for known, count in fields.items() if count > 1}


def _ahead(places: set[_Place], rules: Sequence[Any], found: list[_Leaf]) -> set[_Place]:
    held = {
        leaf.place for leaf in found if any(comparisons.holds(rule, leaf.value) for rule in rules)
    }
    ahead = {place | more for place in places for more in held if _agree(place, more)}
    if _ABSENT in rules:
        ahead |= {place for place in places if not any(_agree(place, leaf.place) for leaf in found)}
    return ahead


def _agree(place: _Place, other: _Place) -> bool:
    """Tell whether both are in the same item of each list that they have in common."""
    items = dict(place)
    return all(items.get(known, index) == index for known, index in other)
