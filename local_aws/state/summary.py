"""What a data folder keeps, counted: without a server, and beside one that runs."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

NAME = "state.sqlite"
OBJECTS = "objects"


def summary(data_folder: Path) -> dict[str, Any]:
    """Return the number of bytes that are kept, and of items by part of the state."""
    files = [data_folder / NAME, data_folder / f"{NAME}-wal", *(data_folder / OBJECTS).glob("*")]
    return {"bytes": sum(map(_size, files)), "items": _items(data_folder / NAME)}


def _items(path: Path) -> dict[str, int]:
    if not path.exists():
        return {}
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as state:
        return dict(state.execute("SELECT part, count(*) FROM items GROUP BY part ORDER BY part"))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # a server that runs may remove it meanwhile
        return 0
