"""The rules as pipeline.toml has them, checked and turned into what judges.

The deployment asks this code before it deploys, and the Lambda asks it again: no rule that the one
takes is refused by the other.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lambdas.boundary.text import shown
from lambdas.gate.metrics import REPORTED, MetricError, number, plausible, plausible_step
from lambdas.gate.rules import (
    LATENCY,
    MODEL_SIZE,
    OPERATORS,
    AbsoluteRule,
    ChampionRule,
    Floor,
    Limit,
    Threshold,
)
from lambdas.gate.verdicts import KEEP_CHAMPION, REGISTER, REJECT

DECISIONS = (REGISTER, KEEP_CHAMPION, REJECT)
CONFIDENCE_LEVEL = 0.95
LEVELS = (0.5, 0.999)  # what an interval of 2,000 resamples can tell
MOST_RULES = 50  # their verdicts travel in the execution's state, which is limited to 256 KiB
TABLES = ("thresholds", "per_class", "champion", "limits")
FLOORS = {"min_precision": "precision", "min_recall": "recall"}
LIMITS = {"max_latency_ms": LATENCY, "max_model_size_mb": MODEL_SIZE}
LARGEST_LIMIT = 1e9
STEPS = ("min_improvement", "max_regression")
CLASS = r"(0|[1-9][0-9]{0,5})"


@dataclass(frozen=True)
class Rules:
    """Rules on the new model alone, and rules on how it does against the champion."""

    absolute: tuple[AbsoluteRule, ...]
    champion: tuple[ChampionRule, ...]


@dataclass(frozen=True)
class Gate:
    """``[gate]``: the rules, and what they leave open.

    ``confidence_level`` is that of the intervals that the champion's rules are judged on;
    ``unscorable_champion`` the decision where the champion could not be scored.
    """

    rules: Rules
    confidence_level: float
    unscorable_champion: str


def parse_gate(settings: object) -> Gate:
    """Check ``[gate]``. Raises MetricError naming the first value that cannot be applied."""
    gate = _table(settings, "gate", (*TABLES, "confidence_level", "unscorable_champion"))
    rules = _rules(gate, "gate")
    if not rules.absolute and not rules.champion:
        raise MetricError("gate has no rule: every model would pass; add a threshold, for one")
    level = gate.get("confidence_level", CONFIDENCE_LEVEL)
    otherwise = gate.get("unscorable_champion", KEEP_CHAMPION)
    if otherwise not in DECISIONS:
        expected = f"expected {', '.join(DECISIONS)}"
        raise MetricError(f"gate.unscorable_champion is {shown(otherwise)}, {expected}")
    return Gate(rules, number("gate.confidence_level", level, *LEVELS), otherwise)


def parse_auto_approve(settings: object) -> Rules | None:
    """Check ``[registry.auto_approve]``; None where it is not there or not enabled.

    Raises MetricError like parse_gate, of rules that are not enabled too.
    """
    where = "registry.auto_approve"
    if settings is None:
        return None
    table = _table(settings, where, (*TABLES, "enabled"))
    rules, enabled = _rules(table, where), table.get("enabled", False)
    if not isinstance(enabled, bool):
        raise MetricError(f"{where}.enabled is {shown(enabled)}, expected true or false")
    if enabled and not rules.absolute and not rules.champion:
        raise MetricError(f"{where} has no rule: every registered model would be approved")
    return rules if enabled else None


def _rules(table: Mapping[str, Any], where: str) -> Rules:
    absolute: tuple[AbsoluteRule, ...] = (
        *_thresholds(table, where),
        *_floors(table, where),
        *_limits(table, where),
    )
    champion = tuple(_champion_rules(table, where))
    if (count := len(absolute) + len(champion)) > MOST_RULES:
        raise MetricError(f"{where} has {count} rules, expected at most {MOST_RULES}")
    return Rules(absolute, champion)


def _thresholds(table: Mapping[str, Any], parent: str) -> Iterator[Threshold]:
    for where, found in _entries(table, parent, "thresholds", ("metric", "op", "value")):
        name, op = _metric_name(found, where), found.get("op")
        if not isinstance(op, str) or op not in OPERATORS:
            raise MetricError(f"{where}.op is {shown(op)}, expected >= or <=")
        yield Threshold(name, op, _at(f"{where}.value", plausible, name, found.get("value")))


def _floors(table: Mapping[str, Any], parent: str) -> Iterator[Floor]:
    where = f"{parent}.per_class"
    found = _table(table.get("per_class", {}), where, (*FLOORS, "classes"))
    classes = _table(found.get("classes", {}), f"{where}.classes")
    own = {label: _own_floors(classes, label, f"{where}.classes") for label in classes}
    for key, metric in FLOORS.items():
        if key in found:
            value = number(f"{where}.{key}", found[key], 0, 1)
            excepted = tuple(label for label, floors in own.items() if metric in floors)
            yield Floor(metric, value, excepted=excepted)
    for label, floors in own.items():
        for metric, value in floors.items():
            yield Floor(metric, value, label)


def _own_floors(classes: Mapping[str, Any], label: str, parent: str) -> dict[str, float]:
    where = f'{parent}."{label}"'
    if not re.fullmatch(CLASS, label):
        raise MetricError(f"{parent} names {shown(label)}, expected a class's number")
    floors = _table(classes[label], where, FLOORS)
    if not floors:
        raise MetricError(f"{where} has no floor, expected {' or '.join(FLOORS)}")
    return {FLOORS[key]: number(f"{where}.{key}", floors[key], 0, 1) for key in floors}


def _champion_rules(table: Mapping[str, Any], parent: str) -> Iterator[ChampionRule]:
    for where, found in _entries(table, parent, "champion", ("metric", *STEPS)):
        name = _metric_name(found, where)
        if not any(step in found for step in STEPS):
            raise MetricError(f"{where} asks for nothing, expected {' or '.join(STEPS)}")
        for step in STEPS:
            if step in found:
                value = _at(f"{where}.{step}", plausible_step, name, found[step])
                yield ChampionRule(name, value, improvement=step == "min_improvement")


def _limits(table: Mapping[str, Any], parent: str) -> Iterator[Limit]:
    where = f"{parent}.limits"
    found = _table(table.get("limits", {}), where, LIMITS)
    for key, metric in LIMITS.items():
        if key in found:
            yield Limit(metric, number(f"{where}.{key}", found[key], 0, LARGEST_LIMIT))


def _table(found: object, where: str, keys: Collection[str] | None = None) -> Mapping[str, Any]:
    """Return a table that has none but the named keys, or text for keys at least."""
    if not isinstance(found, Mapping):
        raise MetricError(f"{where} is {shown(found)}, expected an object")
    for key in found:
        if not isinstance(key, str) or (keys is not None and key not in keys):
            expected = ", ".join(keys or ["text"])
            raise MetricError(f"{where} has {shown(key)}, expected only {expected}")
    return found


def _entries(
    table: Mapping[str, Any], parent: str, name: str, keys: Collection[str]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    where, found = f"{parent}.{name}", table.get(name, [])
    if not isinstance(found, list):
        raise MetricError(f"{where} is {shown(found)}, expected a list of rules")
    for position, entry in enumerate(found):
        yield f"{where}[{position}]", _table(entry, f"{where}[{position}]", keys)


def _metric_name(entry: Mapping[str, Any], where: str) -> str:
    name = entry.get("metric")
    if not isinstance(name, str) or name not in REPORTED:
        expected = ", ".join(REPORTED)
        raise MetricError(f"{where}.metric is {shown(name)}, expected one of {expected}")
    return name


def _at(where: str, check: Any, name: str, value: object) -> float:
    """Return what ``check`` makes of the value; its error says ``where`` it stands."""
    try:
        checked: float = check(name, value)
    except MetricError as error:
        raise MetricError(f"{where}: {error}") from None
    return checked
