"""Moments and durations as people read them."""

from datetime import datetime

_MINUTE, _HOUR = 60, 3600


def moment(at: datetime) -> str:
    """A moment in this machine's own time, which is the browser's as well."""
    return at.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def duration(seconds: float) -> str:
    """For example `3.2 s`, `4 min 05 s`, `2 h 07 min`."""
    if seconds < _MINUTE:
        return f"{seconds:.1f} s" if isinstance(seconds, float) else f"{seconds} s"
    whole = round(seconds)
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE:02d} s"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE:02d} min"
