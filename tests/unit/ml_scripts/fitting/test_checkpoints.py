"""Checkpoints: whole or ignored, the last few kept, older ones safe when a write fails."""

import errno
from dataclasses import replace

import numpy as np
import pytest

from fitting import checkpoints
from fitting.checkpoints import Checkpoint


def _checkpoint(epoch: int) -> Checkpoint:
    arrays = [np.full((2, 3), epoch, np.float32), np.array(epoch, np.int64)]
    history = [{"epoch": number, "loss": 1 / number} for number in range(1, epoch + 1)]
    return Checkpoint({"seed": 42}, history, arrays, arrays * 2, arrays[:1])


def _assert_equal(found: Checkpoint, expected: Checkpoint) -> None:
    assert (found.settings, found.history) == (expected.settings, expected.history)
    for group in checkpoints.GROUPS:
        pairs = zip(getattr(found, group), getattr(expected, group), strict=True)
        for value, wanted in pairs:
            assert value.dtype == wanted.dtype
            np.testing.assert_array_equal(value, wanted)


def test_an_empty_or_missing_folder_has_none(tmp_path):
    assert checkpoints.newest(tmp_path) is None
    assert checkpoints.newest(tmp_path / "missing") is None


def test_the_newest_comes_back_whole(tmp_path):
    for epoch in (1, 2):
        checkpoints.save(tmp_path, _checkpoint(epoch))
    _assert_equal(checkpoints.newest(tmp_path), _checkpoint(2))


def test_more_than_ten_arrays_keep_their_order(tmp_path):
    arrays = [np.array(index) for index in range(25)]
    checkpoints.save(tmp_path, replace(_checkpoint(1), model=arrays))
    assert [int(value) for value in checkpoints.newest(tmp_path).model] == list(range(25))


def test_the_last_few_are_kept(tmp_path):
    for epoch in range(1, 8):
        checkpoints.save(tmp_path, _checkpoint(epoch))
    assert [path.name[:10] for path in sorted(tmp_path.iterdir())] == [
        "epoch-0005",
        "epoch-0006",
        "epoch-0007",
    ]


@pytest.mark.parametrize(
    "tear", [lambda b: b[:-100], lambda b: b"", lambda b: b[:50] + b"!" + b[51:]]
)
def test_a_torn_newest_file_falls_back_to_the_one_before(tmp_path, tear):
    checkpoints.save(tmp_path, _checkpoint(1))
    newest = checkpoints.save(tmp_path, _checkpoint(2))
    newest.write_bytes(tear(newest.read_bytes()))
    said = []
    _assert_equal(checkpoints.newest(tmp_path, said.append), _checkpoint(1))
    assert said[0].startswith(f"ignoring the checkpoint {newest.name}: its digest is ")


def test_a_torn_file_goes_when_its_epoch_is_done_again(tmp_path):
    checkpoints.save(tmp_path, _checkpoint(1))
    torn = checkpoints.save(tmp_path, _checkpoint(2))
    torn.write_bytes(b"torn")
    (tmp_path / "epoch-0003.partial").write_bytes(b"half")
    different = replace(_checkpoint(2), best=[])
    again = checkpoints.save(tmp_path, different)
    assert again != torn
    _assert_equal(checkpoints.newest(tmp_path), different)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_full_disk_leaves_the_older_checkpoint_intact(tmp_path, monkeypatch):
    checkpoints.save(tmp_path, _checkpoint(1))

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(checkpoints.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        checkpoints.save(tmp_path, _checkpoint(2))
    _assert_equal(checkpoints.newest(tmp_path), _checkpoint(1))
    assert len(list(tmp_path.iterdir())) == 1


def test_other_files_are_left_alone(tmp_path):
    (tmp_path / "epoch-notes.npz").write_text("mine")
    for epoch in range(1, 6):
        checkpoints.save(tmp_path, _checkpoint(epoch))
    assert (tmp_path / "epoch-notes.npz").exists()


@pytest.mark.parametrize("metadata", [b"", b"[]", b'{"settings": {}}', b"[" * 100_000, None])
def test_a_made_up_file_whose_name_fits_is_ignored_with_its_reason(tmp_path, metadata):
    """Its digest is in its name: whoever can write there can write both."""
    checkpoints.save(tmp_path, _checkpoint(1))
    path = tmp_path / "made-up.npz"
    arrays = {} if metadata is None else {"metadata": np.frombuffer(metadata, np.uint8)}
    np.savez(path, **arrays)
    path.rename(tmp_path / f"epoch-0002-{checkpoints._digest(path)}.npz")
    said = []
    assert checkpoints.newest(tmp_path, said.append).epoch == 1
    (line,) = said
    assert line.startswith("ignoring the checkpoint epoch-0002-")
    assert "expected JSON with settings and history" in line
