"""What ended environments leave does not grow, and nothing that is in use is removed."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_aws.awslambda.leftovers import KEPT_CODE, KEPT_LOGS, LOGS, Leftovers


def code(folder: Path, number: int) -> Path:
    """Code that was unpacked at that second."""
    made = folder / "function" / f"{number:064x}"
    made.mkdir(parents=True, exist_ok=True)
    (made / "app.py").write_text("")
    os.utime(made, (number, number))
    return made


def log(folder: Path, number: int) -> Path:
    made = folder / "function" / LOGS / f"{number}.log"
    made.parent.mkdir(parents=True, exist_ok=True)
    made.touch()
    os.utime(made, (number, number))
    return made


def test_the_last_few_stay(tmp_path: Path) -> None:
    leftovers = Leftovers()
    for number in range(30):
        paths = (code(tmp_path, number), log(tmp_path, number))
        for path in paths:
            leftovers.use(path)
        leftovers.release(paths)
    left = list((tmp_path / "function").iterdir())
    assert len(left) == KEPT_CODE + 1
    assert code(tmp_path, 29) in left
    assert len(list((tmp_path / "function" / LOGS).iterdir())) == KEPT_LOGS


def test_what_is_in_use_stays_however_old_it_is(tmp_path: Path) -> None:
    leftovers, oldest = Leftovers(), code(tmp_path, 0)
    for _ in range(2):
        leftovers.use(oldest)
    leftovers.release([oldest])
    os.utime(oldest, (0, 0))
    for number in range(1, 10):
        path = code(tmp_path, number)
        leftovers.use(path)
        leftovers.release([path])
    assert (oldest / "app.py").exists()


@given(st.lists(st.tuples(st.integers(0, 6), st.booleans()), max_size=60))
def test_whatever_begins_and_ends(
    tmp_path_factory: pytest.TempPathFactory, events: list[tuple[int, bool]]
) -> None:
    folder, leftovers, used = tmp_path_factory.mktemp("lambdas"), Leftovers(), [0] * 7
    for number, begins in events:
        if begins:
            leftovers.use(folder / "function" / f"{number:064x}")
            code(folder, number)
            used[number] += 1
        elif used[number]:
            leftovers.release([code(folder, number)])
            used[number] -= 1
        for each, users in enumerate(used):
            if users:
                assert (folder / "function" / f"{each:064x}" / "app.py").exists()
    unused = len(list(folder.glob("function/*"))) - sum(map(bool, used))
    assert unused <= KEPT_CODE


def test_a_start_removes_what_nobody_can_use(tmp_path: Path) -> None:
    for number in range(30):
        code(tmp_path, number)
        log(tmp_path, number)
    (tmp_path / "function" / ".unpacking-half").mkdir()
    (tmp_path / "function" / ".removing-half").mkdir()
    (tmp_path / "gone" / "code").mkdir(parents=True)
    Leftovers().tidy(tmp_path, lambda name: name == "function")
    assert [path.name for path in tmp_path.iterdir()] == ["function"]
    assert len(list((tmp_path / "function").iterdir())) == KEPT_CODE + 1
    assert len(list((tmp_path / "function" / LOGS).iterdir())) == KEPT_LOGS


def test_a_start_without_any_function(tmp_path: Path) -> None:
    Leftovers().tidy(tmp_path / "not-there", lambda _: True)
