"""Figures that the faults measure; the suite prints them at its end."""

import statistics

_measured: dict[str, list[float]] = {}


def record(name: str, value: float) -> None:
    """Keep one measurement of what `name` says."""
    _measured.setdefault(name, []).append(value)


def measured() -> dict[str, list[float]]:
    """Return every measurement, by its name."""
    return _measured


def add(others: dict[str, list[float]]) -> None:
    """Take over what another process measured."""
    for name, values in others.items():
        _measured.setdefault(name, []).extend(values)


def lines() -> list[str]:
    """Return one line for each figure: how often, the median, the largest."""
    return [
        f"{name}: median {statistics.median(values):.1f}, most {max(values):.1f} ({len(values)} x)"
        for name, values in sorted(_measured.items())
    ]
