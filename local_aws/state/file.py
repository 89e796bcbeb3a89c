"""The file that the embedded AWS keeps its state in: sqlite, one row for each item.

An item that cannot be read is set aside: its row moves to a table of its own, and comes back once
somebody can read it. An item that cannot be written leaves a row that says so.

What is committed has been handed to the kernel, which `kill -9` of this process does not touch.
Nobody waits for the disk (`synchronous = NORMAL` with a write-ahead log): a power failure may cost
the last moments, never the consistency of the file.
"""

import platform
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from local_aws.state.pickles import Large, Pickle, load
from local_aws.state.summary import NAME

# Raise this when a kept class or its place changes, so that nobody loads what no longer fits.
LAYOUT = "2"

_TABLES = """
CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS items (
    id INTEGER PRIMARY KEY, part TEXT NOT NULL, item TEXT NOT NULL,
    value BLOB NOT NULL, large TEXT NOT NULL, UNIQUE (part, item)
);
CREATE TABLE IF NOT EXISTS large (name TEXT PRIMARY KEY, value BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS set_aside (
    id INTEGER PRIMARY KEY, part TEXT NOT NULL, item TEXT NOT NULL,
    value BLOB NOT NULL, large TEXT NOT NULL, why TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS not_kept (
    part TEXT NOT NULL, item TEXT NOT NULL, why TEXT NOT NULL, UNIQUE (part, item)
);
"""
_PUT = """
INSERT INTO items (part, item, value, large) VALUES (?, ?, ?, ?)
ON CONFLICT (part, item) DO UPDATE SET value = excluded.value, large = excluded.large
"""
_SET_ASIDE = """
INSERT INTO set_aside (part, item, value, large, why)
SELECT part, item, value, large, ? FROM items WHERE (part, item) = (?, ?)
"""
# The newest row of an item that has none at its place.
_READABLE_AGAIN = """
SELECT max(id) FROM set_aside WHERE (part, item) NOT IN (SELECT part, item FROM items)
GROUP BY part, item ORDER BY 1
"""
_REMEDY = (
    "`retrain local reset` removes all that the embedded AWS keeps; or keep the folder and use it "
    "with the version that wrote it"
)


class StateError(Exception):
    """The saved state cannot be used; the text says why and what to do."""


@dataclass(frozen=True)
class Row:
    """An item as it is saved; without a value it is removed."""

    part: str
    item: str
    value: Pickle | None


@dataclass(frozen=True)
class Unwritable:
    """An item that cannot be saved, and why: what is on disk of it stays."""

    part: str
    item: str
    why: str


class StateFile:
    """The rows of one data folder.

    Raises:
        StateError: another version wrote the file, or it is none of ours.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._sql = sqlite3.connect(self._path, check_same_thread=False, isolation_level=None)
        try:
            self._open()
        except sqlite3.DatabaseError as error:
            raise StateError(f"{self._path} is no state: {error}. {_REMEDY}") from error

    def items(self, part: str) -> Iterator[tuple[str, Callable[[], Any]]]:
        """Yield the items of the part in the order they were made in, each with what reads it.

        The latter raises UnreadableError for a value that is not of this version.

        Raises:
            StateError: the file is damaged.
        """
        query = "SELECT item, value FROM items WHERE part = ? ORDER BY id"
        try:
            rows = self._sql.execute(query, (part,)).fetchall()
        except sqlite3.DatabaseError as error:
            raise StateError(f"{self._path} is damaged: {error}. {_REMEDY}") from error
        for item, value in rows:
            yield item, partial(load, value, self._large_value)

    def set_aside(self, part: str, item: str, why: str) -> None:
        """Move the item's row to where nobody reads it, with the reason; nothing of it is lost."""
        with self._transaction():
            self._sql.execute(_SET_ASIDE, (why, part, item))
            self._sql.execute("DELETE FROM items WHERE (part, item) = (?, ?)", (part, item))
        self._read_names()

    def take_back(self) -> bool:
        """Move what is set aside back, to be tried again, where nothing newer took its place.

        Return whether nothing is left that is set aside.
        """
        with self._transaction():
            for (row,) in self._sql.execute(_READABLE_AGAIN).fetchall():
                columns = "part, item, value, large"
                self._sql.execute(
                    f"INSERT INTO items ({columns}) SELECT {columns} FROM set_aside WHERE id = ?",  # noqa: S608
                    (row,),
                )
                self._sql.execute("DELETE FROM set_aside WHERE id = ?", (row,))
        self._read_names()
        (left,) = self._sql.execute("SELECT count(*) FROM set_aside").fetchone()
        return not left

    def forget_problems(self) -> None:
        """Remove what is set aside, and what is not kept: somebody reset the embedded AWS."""
        with self._transaction():
            self._sql.execute("DELETE FROM set_aside")
            self._sql.execute("DELETE FROM not_kept")
        self._read_names()

    def names(self) -> list[tuple[str, str]]:
        """Return part and item of all rows."""
        return self._sql.execute("SELECT part, item FROM items").fetchall()

    def write(self, rows: list[Row | Unwritable]) -> None:
        """Write all of the rows, or none.

        Raises:
            sqlite3.Error: they could not be written, for example because the disk is full.
        """
        items = [row for row in rows if isinstance(row, Row)]
        with self._transaction():
            there = self._used()
            for row in items:
                self._write(row, there)
            self._note_unwritable(rows)
        self._unwritable -= {(row.part, row.item) for row in items}
        self._unwritable |= {(row.part, row.item) for row in rows if isinstance(row, Unwritable)}
        self._count(items)

    def close(self) -> None:
        """Close the file."""
        self._sql.close()

    def _open(self) -> None:
        self._sql.execute("PRAGMA journal_mode = WAL")
        self._sql.execute("PRAGMA synchronous = NORMAL")
        self._sql.executescript(_TABLES)
        self._check_version()
        self._read_names()
        there = {name for (name,) in self._sql.execute("SELECT name FROM large")}
        self._drop(there - self._used())  # the server was killed before it did

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._sql.execute("BEGIN")
        try:
            yield
            self._sql.execute("COMMIT")
        except BaseException:
            if self._sql.in_transaction:
                self._sql.execute("ROLLBACK")
            raise

    def _read_names(self) -> None:
        """What is named by rows: large values, and items that are not kept."""
        rows = self._sql.execute("SELECT part, item, large FROM items WHERE large != ''")
        self._large_of = {(part, item): large.split() for part, item, large in rows}
        aside = self._sql.execute("SELECT large FROM set_aside")
        self._large_aside = {name for (names,) in aside for name in names.split()}
        unwritable = self._sql.execute("SELECT part, item FROM not_kept")
        self._unwritable = set(unwritable)

    def _check_version(self) -> None:
        ours = _this_version()
        theirs = dict(self._sql.execute("SELECT name, value FROM about"))
        if not theirs:
            self._sql.executemany("INSERT INTO about VALUES (?, ?)", ours.items())
        elif theirs != ours:
            raise StateError(
                f"{self._path} was written by {_text(theirs)}; this is {_text(ours)}. {_REMEDY}"
            )

    def _write(self, row: Row, there: set[str]) -> None:
        if row.value is None:
            self._sql.execute("DELETE FROM items WHERE (part, item) = (?, ?)", (row.part, row.item))
            return
        new = [(name, value) for name, value in row.value.large.items() if name not in there]
        self._sql.executemany("INSERT OR REPLACE INTO large VALUES (?, ?)", new)
        names = " ".join(row.value.large)
        self._sql.execute(_PUT, (row.part, row.item, row.value.data, names))

    def _note_unwritable(self, rows: list[Row | Unwritable]) -> None:
        """Keep the reasons why items are not kept, until they are."""
        for row in rows:
            name = row.part, row.item
            if isinstance(row, Unwritable):
                new = (*name, row.why)
                self._sql.execute("INSERT OR REPLACE INTO not_kept VALUES (?, ?, ?)", new)
            elif name in self._unwritable:
                self._sql.execute("DELETE FROM not_kept WHERE (part, item) = (?, ?)", name)

    def _count(self, rows: list[Row]) -> None:
        """Remove the large values that no item names any more."""
        dropped: set[str] = set()
        for row in rows:
            names = list(row.value.large) if row.value else []
            dropped.update(self._large_of.pop((row.part, row.item), ()))
            if names:
                self._large_of[row.part, row.item] = names
        self._drop(dropped - self._used())

    def _drop(self, large: set[str]) -> None:
        if large:
            self._sql.executemany("DELETE FROM large WHERE name = ?", [(name,) for name in large])

    def _used(self) -> set[str]:
        named = {name for names in self._large_of.values() for name in names}
        return named | self._large_aside

    def _large_value(self, name: str) -> Large:
        value: Large
        (value,) = self._sql.execute("SELECT value FROM large WHERE name = ?", (name,)).fetchone()
        return value


def _this_version() -> dict[str, str]:
    major, minor, _ = platform.python_version_tuple()
    return {"layout": LAYOUT, "moto": version("moto"), "python": f"{major}.{minor}"}


def _text(about: dict[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in sorted(about.items()))
