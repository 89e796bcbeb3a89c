"""An execution as bars over its time: a line for each state, a bar for each attempt.

What lay between an end and a redrive is left out, or a night would make everything else a dot.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from console.executions.visits import Visit
from operations.executions.view import ExecutionView, StateStatus

# Shares of the whole: bars of one status that are so near to each other are drawn as one.
NEAR = 0.004
MOST = 300  # bars of one line: the newest


@dataclass(frozen=True)
class Bar:
    """From `start` to `end`, both shares of the whole; it stands for `times` attempts."""

    start: float
    end: float
    status: StateStatus
    times: int
    said: str


@dataclass(frozen=True)
class Line:
    """A state with its bars; `status` is that of its newest visit, `seconds` of all its visits."""

    name: str
    status: StateStatus
    attempts: int
    redrives: int
    seconds: float
    bars: tuple[Bar, ...]


def lines(visits: Iterable[Visit], view: ExecutionView, now: datetime) -> tuple[Line, ...]:
    """The states in the order in which they were entered first."""
    until = view.stopped or now
    whole = max(view.elapsed(until), 0.001)

    def share(at: datetime) -> float:
        return min(1.0, max(0.0, view.elapsed(at) / whole))

    by_state: dict[str, list[Visit]] = {}
    for visit in visits:
        by_state.setdefault(visit.name, []).append(visit)
    return tuple(_line(name, found, share, until) for name, found in by_state.items())


def _line(
    name: str, visits: list[Visit], share: Callable[[datetime], float], until: datetime
) -> Line:
    seconds = sum(((v.ended or until) - v.entered).total_seconds() for v in visits)
    return Line(
        name=name,
        status=visits[-1].status,
        attempts=sum(len(visit.attempts) or 1 for visit in visits),
        redrives=sum(visit.redriven for visit in visits),
        seconds=max(0.0, seconds),
        bars=_merged(bar for visit in visits for bar in _bars(visit, share, until)),
    )


def _bars(visit: Visit, share: Callable[[datetime], float], until: datetime) -> Iterable[Bar]:
    stays = [(a.started, a.ended, a.status, f"attempt {a.number}") for a in visit.attempts]
    if not stays:
        stays = [(visit.entered, visit.ended, visit.status, "")]
    for began, ended, status, what in stays:
        end = ended or until
        said = f"{what} {status}, {max(0.0, (end - began).total_seconds()):.1f} s".strip()
        yield Bar(share(began), share(end), status, 1, said)


def _merged(bars: Iterable[Bar]) -> tuple[Bar, ...]:
    """Few enough bars to draw, whatever the number of attempts."""
    found: list[Bar] = []
    for bar in bars:
        last = found[-1] if found else None
        if last and last.status == bar.status and _small(last, bar):
            times = last.times + bar.times
            said = f"{times} times {bar.status}"
            found[-1] = replace(last, end=max(last.end, bar.end), times=times, said=said)
        else:
            found.append(bar)
    return tuple(found[-MOST:])


def _small(last: Bar, bar: Bar) -> bool:
    tiny = bar.end - bar.start < NEAR or last.end - last.start < NEAR
    return tiny and bar.start - last.end < NEAR
