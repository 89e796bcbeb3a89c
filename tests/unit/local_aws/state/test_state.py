"""What is marked is on disk when `save` returns, and comes back."""

import sqlite3
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moto.sqs.models import SQSBackend, sqs_backends

from local_aws.state.file import StateError
from local_aws.state.state import State
from local_aws.state.summary import summary
from tests.support.waiting import eventually


@contextmanager
def opened(folder: Path, items: dict[str, Any]) -> Iterator[State]:
    """A state with one part, `things`, whose items are those of the dictionary."""
    state = State(folder)
    state.keep("things", items.get, items.__setitem__)
    state.restore()
    yield state
    state.close()


def saved(folder: Path, items: dict[str, Any]) -> None:
    there: dict[str, Any] = {}
    with opened(folder, there) as state:
        there.update(items)
        for item in items:
            state.changed("things", item)
        state.save()


def restored(folder: Path) -> dict[str, Any]:
    items: dict[str, Any] = {}
    with opened(folder, items):
        return items


def rows(folder: Path, table: str) -> int:
    with sqlite3.connect(folder / "state.sqlite") as connection:
        (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        return int(count)


def test_items_come_back_in_the_order_they_were_made_in(tmp_path: Path) -> None:
    saved(tmp_path, {"b": 1, "a": {"nested": [2]}})
    saved(tmp_path, {"b": 3})
    assert list(restored(tmp_path).items()) == [("b", 3), ("a", {"nested": [2]})]


def test_an_item_that_is_gone_stays_away(tmp_path: Path) -> None:
    items = {"a": 1, "b": 2}
    saved(tmp_path, items)
    with opened(tmp_path, items) as state:
        del items["a"]
        state.changed("things", "a")
    assert restored(tmp_path) == {"b": 2}


def test_what_nobody_waits_for_is_saved_all_the_same(tmp_path: Path) -> None:
    with opened(tmp_path, {"a": 1}) as state:
        state.changed("things", "a")
        eventually(lambda: rows(tmp_path, "items") == 1)


def test_many_waiters_each_find_theirs_saved(tmp_path: Path) -> None:
    items: dict[str, Any] = {}
    missing: list[str] = []

    with opened(tmp_path, items) as state:

        def work(worker: int) -> None:
            with sqlite3.connect(tmp_path / "state.sqlite") as connection:
                for number in range(30):
                    name = f"{worker}-{number}"
                    items[name] = number
                    state.changed("things", name)
                    state.save()
                    found = connection.execute("SELECT 1 FROM items WHERE item = ?", (name,))
                    if not found.fetchone():
                        missing.append(name)

        workers = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert missing == []
    assert restored(tmp_path) == items


def test_locks_weak_references_and_functions_without_a_name(tmp_path: Path) -> None:
    saved(tmp_path, {"a": {"lock": threading.Lock(), "d": defaultdict(lambda: {"fresh": True})}})
    value = restored(tmp_path)["a"]
    assert value["lock"].acquire(blocking=False)
    assert value["d"]["anything"] == {"fresh": True}


def test_a_backend_of_motos_is_itself_again(tmp_path: Path) -> None:
    backend = sqs_backends["123456789012"]["us-east-1"]
    saved(tmp_path, {"a": [backend, sqs_backends]})
    assert restored(tmp_path)["a"] == [backend, sqs_backends]
    assert isinstance(backend, SQSBackend)


@pytest.mark.parametrize("large", [b"z" * 200_000, "ü" * 200_000])
def test_a_large_value_is_on_disk_once_and_as_long_as_it_is_named(
    tmp_path: Path, large: bytes | str
) -> None:
    items: dict[str, Any] = {"a": [large, 1], "b": {"same": large}}
    saved(tmp_path, items)
    assert restored(tmp_path) == items
    assert rows(tmp_path, "large") == 1
    with opened(tmp_path, items) as state:
        for item in ("a", "b"):
            del items[item]
            state.changed("things", item)
            state.save()
            assert rows(tmp_path, "large") == len(items)


def test_an_item_that_does_not_pickle_keeps_the_others_from_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    items: dict[str, Any] = {"a": 1, "b": 2}
    saved(tmp_path, items)
    with opened(tmp_path, items) as state:
        items.update(a=generator(), b=3)
        for item in items:
            state.changed("things", item)
        state.save()
    assert restored(tmp_path) == {"a": 1, "b": 3}
    assert "things a is not kept" in caplog.text


def test_a_value_that_changes_while_it_is_read_is_read_again(tmp_path: Path) -> None:
    reads = iter([RuntimeError("dictionary changed size during iteration"), "whole"])

    def get(_item: str) -> Any:
        value = next(reads)
        if isinstance(value, Exception):
            raise value
        return value

    state = State(tmp_path)
    state.keep("things", get, lambda *_: None)
    state.restore()
    state.changed("things", "a")
    state.save()
    state.close()
    assert restored(tmp_path) == {"a": "whole"}


def test_who_waits_hears_that_the_disk_is_full_and_the_next_save_has_it(tmp_path: Path) -> None:
    items: dict[str, Any] = {"a": b"x" * 60_000}
    with opened(tmp_path, items) as state:
        sql = state._file._sql
        pages = sql.execute("PRAGMA page_count").fetchone()[0]
        sql.execute(f"PRAGMA max_page_count = {pages}")
        state.changed("things", "a")
        with pytest.raises(sqlite3.OperationalError, match="full"):
            state.save()
        sql.execute("PRAGMA max_page_count = 100000")
        state.changed("things", "b")
        state.save()
        assert rows(tmp_path, "items") == 1


def test_what_waits_for_an_item_is_called_when_it_is_on_disk(tmp_path: Path) -> None:
    seen: list[int] = []
    state = State(tmp_path)

    def get(_item: str) -> int:
        state.after_save(lambda: seen.append(rows(tmp_path, "items")))
        return 1

    state.keep("things", get, lambda *_: None)
    state.restore()
    state.changed("things")
    state.save()
    state.close()
    assert seen == [1]


def test_after_restore_comes_after_all_parts_and_with_nothing_to_restore(tmp_path: Path) -> None:
    saved(tmp_path, {"a": 1})
    for folder, expected in ((tmp_path, ["a", "after"]), (tmp_path / "new", ["after"])):
        folder.mkdir(exist_ok=True)
        calls: list[str] = []
        state = State(folder)
        state.after_restore(lambda: calls.append("after"))  # noqa: B023
        state.keep("things", lambda _: None, lambda item, _: calls.append(item))  # noqa: B023
        state.restore()
        state.close()
        assert calls == expected


def test_a_damaged_file_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "state.sqlite").write_bytes(b"no database" * 100)
    with pytest.raises(StateError, match=r"state\.sqlite.*retrain local reset"):
        State(tmp_path)


def generator() -> Iterator[None]:
    """A generator: none pickles."""
    yield from ()


class Odd:
    """Pickles, and is read again only while `readable`."""

    readable = False

    def __init__(self, name: str) -> None:
        if not type(self).readable:
            raise TypeError("this version lacks an argument")
        self.name = name

    def __reduce__(self) -> Any:
        return Odd, (self.name,)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Odd) and other.name == self.name

    __hash__ = None  # type: ignore[assignment]


@pytest.fixture
def odd(monkeypatch: pytest.MonkeyPatch) -> Odd:
    """A value that can be written, and that the next start cannot read."""
    monkeypatch.setattr(Odd, "readable", True)
    made = Odd("odd")
    monkeypatch.setattr(Odd, "readable", False)
    return made


def test_an_item_that_cannot_be_read_keeps_no_other_from_it(
    tmp_path: Path, odd: Odd, caplog: pytest.LogCaptureFixture
) -> None:
    saved(tmp_path, {"a": 1, "odd": odd, "z": 2})
    assert restored(tmp_path) == {"a": 1, "z": 2}
    assert "things odd cannot be read and is set aside: UnreadableError" in caplog.text
    [told] = summary(tmp_path)["set_aside"]
    assert (told["part"], told["item"]) == ("things", "odd")
    assert "lacks an argument" in told["why"]


def test_an_item_that_cannot_be_put_back_keeps_no_other_from_it(tmp_path: Path) -> None:
    saved(tmp_path, {"a": 1, "b": 2})

    def put(item: str, _value: Any) -> None:
        if item == "a":
            raise LookupError("no backends of this class")

    state = State(tmp_path)
    state.keep("things", lambda _: None, put)
    state.restore()
    state.close()
    assert [each["item"] for each in summary(tmp_path)["set_aside"]] == ["a"]
    assert not state.whole


@pytest.mark.parametrize("large", [b"small", b"z" * 200_000])
def test_what_is_set_aside_comes_back_whole_once_it_can_be_read(
    tmp_path: Path, odd: Odd, large: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(tmp_path, {"odd": [odd, large]})
    for _start in range(2):  # it stays aside, however often somebody tries
        assert restored(tmp_path) == {}
    monkeypatch.setattr(Odd, "readable", True)
    assert restored(tmp_path) == {"odd": [odd, large]}
    assert summary(tmp_path)["set_aside"] == []


def test_what_is_set_aside_replaces_nothing_newer(
    tmp_path: Path, odd: Odd, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(tmp_path, {"odd": odd})
    assert restored(tmp_path) == {}
    saved(tmp_path, {"odd": "newer"})
    monkeypatch.setattr(Odd, "readable", True)
    assert restored(tmp_path) == {"odd": "newer"}
    assert [each["item"] for each in summary(tmp_path)["set_aside"]] == ["odd"]
    with opened(tmp_path, {}) as state:
        assert not state.whole
    with sqlite3.connect(tmp_path / "state.sqlite") as connection:  # as the documentation says
        connection.execute("DELETE FROM items WHERE part = 'things' AND item = 'odd'")
    assert restored(tmp_path) == {"odd": odd}


def test_a_reset_takes_what_is_set_aside_too(
    tmp_path: Path, odd: Odd, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(tmp_path, {"odd": [odd, b"z" * 200_000]})
    items: dict[str, Any] = {}
    with opened(tmp_path, items) as state:
        state.all_changed()
    monkeypatch.setattr(Odd, "readable", True)
    assert restored(tmp_path) == {}
    assert rows(tmp_path, "large") == 0


def test_a_reset_forgets_what_was_not_kept(tmp_path: Path) -> None:
    with opened(tmp_path, {"a": generator()}) as state:
        state.changed("things", "a")
        state.save()
        assert summary(tmp_path)["not_kept"]
        state.all_changed()
        assert summary(tmp_path)["not_kept"] == []


@given(damaged=st.sets(st.sampled_from("abcdef")), again=st.sets(st.sampled_from("abcdef")))
@settings(max_examples=25, deadline=None)
def test_whatever_is_damaged_all_else_is_there_and_nothing_is_lost(
    damaged: set[str], again: set[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("state")
    items: dict[str, Any] = {name: [name, name * 100_000] for name in "abcdef"}
    saved(folder, items)
    for names in (damaged, again):
        with sqlite3.connect(folder / "state.sqlite") as connection:
            for name in names:
                break_value = "UPDATE items SET value = CAST(x'80' || value AS BLOB) WHERE item = ?"
                connection.execute(break_value, (name,))
        left = {name: value for name, value in items.items() if name not in damaged | names}
        assert restored(folder) == left
    with sqlite3.connect(folder / "state.sqlite") as connection:
        connection.execute("UPDATE set_aside SET value = CAST(substr(value, 2) AS BLOB)")
    assert restored(folder) == items


def test_an_item_that_is_not_kept_is_told_until_it_is(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    items: dict[str, Any] = {"a": generator(), "half \ud800": 1}
    saved(tmp_path, items)
    told = summary(tmp_path)["not_kept"]
    assert [each["item"] for each in told] == ["a", "half \\ud800"]
    assert caplog.text.count("things a is not kept") == 1
    saved(tmp_path, {"a": 1})
    assert [each["item"] for each in summary(tmp_path)["not_kept"]] == ["half \\ud800"]


def test_a_folder_of_an_earlier_server_has_a_summary(tmp_path: Path) -> None:
    saved(tmp_path, {"a": 1})
    with sqlite3.connect(tmp_path / "state.sqlite") as connection:
        connection.executescript("DROP TABLE set_aside; DROP TABLE not_kept")
    told = summary(tmp_path)
    assert (told["items"], told["set_aside"], told["not_kept"]) == ({"things": 1}, [], [])


def test_what_an_item_shows_is_on_disk_with_all_that_was_marked_before_it_could_be_seen(
    tmp_path: Path,
) -> None:
    items: dict[str, Any] = {"execution": "ended"}
    state = State(tmp_path)

    def get(item: str) -> Any:
        if item == "execution" and "event" not in items:
            items["event"] = "it ended"  # as its thread does while the saver waits for its lock
            state.changed("things", "event")
        return items.get(item)

    state.keep("things", get, items.__setitem__)
    state.restore()
    state.changed("things", "execution")
    state.save()
    # Nobody closes it: what counts is what one commit has written.
    assert rows(tmp_path, "items") == 2
