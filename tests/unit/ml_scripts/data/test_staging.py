"""Files get their names together, or nothing of them is left."""

import pytest

from data.staging import staged


def test_files_appear_when_the_block_ends(tmp_path):
    paths = [tmp_path / "a/b/c.npy", tmp_path / "d.npy"]
    with staged() as staging:
        for path in paths:
            staging.open(path).write(b"content")
        assert not any(path.exists() for path in paths)
    assert [path.read_bytes() for path in paths] == [b"content"] * 2
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 2


def test_after_an_error_nothing_is_left_but_what_was_there(tmp_path):
    (tmp_path / "output").mkdir()
    (tmp_path / "output/older.npy").write_bytes(b"older")
    with pytest.raises(ValueError, match="bad"), staged() as staging:
        for path in ("output/X/X.npy", "output/older.npy", "new/y.npy"):
            staging.open(tmp_path / path).write(b"content")
        raise ValueError("bad")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["older.npy", "output"]
    assert (tmp_path / "output/older.npy").read_bytes() == b"older"


def test_a_file_that_cannot_get_its_name_takes_the_others_with_it(tmp_path):
    (tmp_path / "b").mkdir()
    with pytest.raises(OSError, match="Is a directory"), staged() as staging:
        for name in ("a", "b", "c"):
            staging.open(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["b"]
