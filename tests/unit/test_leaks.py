"""The fault suite's look for what was left behind, held to what it must and must not see."""

import shutil
from pathlib import Path
from threading import Event, Thread

from tests.faults.leaks import unfinished_files


def test_half_downloads_and_archives_are_found_on_every_host(tmp_path: Path) -> None:
    left = {
        "one/opt/ml/input/data/train/.images.npy.partial",
        "two/127.0.0.2/opt/ml/input/.labels.partial",
        "two/127.0.0.2/tmp/model.tar.gz",
    }
    for name in (*left, "one/opt/ml/input/data/train/images.npy", "two/log.txt"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()

    assert {str(path.relative_to(tmp_path)) for path in unfinished_files(tmp_path)} == left


def test_a_folder_that_goes_while_it_is_looked_at_is_no_error(tmp_path: Path) -> None:
    over = Event()

    def come_and_go() -> None:
        while not over.is_set():
            for name in ("data/train", "output", "model"):
                (tmp_path / "job/opt/ml" / name).mkdir(parents=True)
            shutil.rmtree(tmp_path / "job/opt")

    jobs = Thread(target=come_and_go)
    jobs.start()
    try:
        found = [unfinished_files(tmp_path) for _ in range(1000)]
    finally:
        over.set()
        jobs.join()

    assert not any(found)
