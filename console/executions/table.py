"""What the page of all executions shows: filtered, a page of it, with what is known of each."""

from dataclasses import dataclass
from datetime import UTC, datetime

from console.executions.listing import Details, Executions, Listed

SIZE = 25
# So many more are looked into with each reading, while a text is searched for.
SEARCHED_AT_ONCE = 100


@dataclass(frozen=True)
class Filter:
    """`text` is looked for in names, data sets, who started and why; `status` is one, or empty."""

    text: str = ""
    status: str = ""


@dataclass(frozen=True)
class Row:
    """One line of the table. `seconds` is whole, so that a row changes once a second."""

    execution: Listed
    details: Details
    seconds: int


@dataclass(frozen=True)
class View:
    """A page of executions. Of the `candidates`, which have the status that was asked for, as many
    as `searched` were looked into, not only their names.
    """

    rows: tuple[Row, ...]
    page: int
    pages: int
    found: int
    total: int
    candidates: int
    searched: int


def view(executions: Executions, wanted: Filter, page: int, now: datetime | None = None) -> View:
    """The page, numbered from 1, of those that pass the filter; the last one if there are fewer."""
    listed = executions.listed()
    by_status = [each for each in listed if wanted.status in ("", each.status)]
    needle = wanted.text.strip().casefold()
    if needle:
        unknown = [each for each in by_status if executions.known(each) is None]
        looked_into = executions.describe(unknown[:SEARCHED_AT_ONCE])
    else:
        looked_into = {}
    known = {each.arn: executions.known(each) or looked_into.get(each.arn) for each in by_status}
    found = [each for each in by_status if _matches(each, known[each.arn], needle)]
    pages = max(1, -(-len(found) // SIZE))
    page = min(max(page, 1), pages)
    shown = found[(page - 1) * SIZE : page * SIZE]
    described = executions.describe(shown)
    now = now or datetime.now(UTC)
    return View(
        rows=tuple(Row(each, described[each.arn], _seconds(each, now)) for each in shown),
        page=page,
        pages=pages,
        found=len(found),
        total=len(listed),
        candidates=len(by_status),
        searched=sum(details is not None for details in known.values()),
    )


def _matches(execution: Listed, details: Details | None, needle: str) -> bool:
    texts = [execution.name]
    if details is not None:
        texts += [details.started_by, details.reason, details.dataset]
    return any(needle in text.casefold() for text in texts)


def _seconds(execution: Listed, now: datetime) -> int:
    return max(0, round(((execution.stopped or now) - execution.started).total_seconds()))
