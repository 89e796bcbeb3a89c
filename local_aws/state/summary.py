"""What a data folder keeps, counted: without a server, and beside one that runs."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

NAME = "state.sqlite"
OBJECTS = "objects"
DEAD_LETTERS = "dead-letters.jsonl"

_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table'"
_COUNTS = "SELECT part, count(*) FROM items GROUP BY part ORDER BY part"


def summary(data_folder: Path) -> dict[str, Any]:
    """Return what is kept, and what is not.

    `bytes` is a number, `items` one for each part of the state. `set_aside` are the items that
    could not be read at the last start, `not_kept` those that cannot be written and end with the
    server: {"part", "item", "why"} each. `dead_letters` is the number of events that were given up.
    """
    files = [data_folder / NAME, data_folder / f"{NAME}-wal", *(data_folder / OBJECTS).glob("*")]
    return {
        "bytes": sum(map(_size, files)),
        **_told(data_folder / NAME),
        "dead_letters": _lines(data_folder / DEAD_LETTERS),
    }


def _told(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {"items": {}, "set_aside": [], "not_kept": []}
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as state:
        return {
            "items": dict(state.execute(_COUNTS)),
            "set_aside": _reasons(state, "set_aside"),
            "not_kept": _reasons(state, "not_kept"),
        }


def _reasons(state: sqlite3.Connection, table: str) -> list[dict[str, str]]:
    """The rows of a table that a server of an earlier version has not made."""
    if (table,) not in state.execute(_TABLES).fetchall():
        return []
    rows = state.execute(f"SELECT part, item, why FROM {table} ORDER BY part, item")  # noqa: S608
    return [dict(zip(("part", "item", "why"), row, strict=True)) for row in rows]


def _lines(path: Path) -> int:
    try:
        with path.open("rb") as file:
            return sum(1 for _ in file)
    except FileNotFoundError:
        return 0


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # a server that runs may remove it meanwhile
        return 0
