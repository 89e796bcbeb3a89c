"""The code bundle: named by content, free of everything else."""

import io
import os
import shutil
import tarfile
from pathlib import Path

from state_machine import bundle

PROJECT = Path(__file__).parents[3]


def copy_scripts(to: Path) -> Path:
    shutil.copytree(PROJECT / "ml_scripts", to, ignore=shutil.ignore_patterns("__pycache__"))
    return to


def test_the_same_sources_have_the_same_name_whatever_their_times(tmp_path: Path) -> None:
    first = bundle.pack(copy_scripts(tmp_path / "first"), "bucket")
    second_folder = copy_scripts(tmp_path / "second")
    for path in second_folder.rglob("*"):
        os.utime(path, (1, 1))
    (second_folder / "__pycache__").mkdir()
    (second_folder / "__pycache__" / "main.cpython-311.pyc").write_bytes(b"machine's own")

    assert bundle.pack(second_folder, "bucket").sha256 == first.sha256


def test_a_changed_script_has_another_name(tmp_path: Path) -> None:
    folder = copy_scripts(tmp_path / "scripts")
    before = bundle.pack(folder, "bucket")
    with (folder / "main.py").open("a") as script:
        script.write("# changed\n")

    assert bundle.pack(folder, "bucket").sha256 != before.sha256


def test_the_archive_holds_the_entry_points_at_its_top() -> None:
    packed = bundle.pack(PROJECT / "ml_scripts", "bucket")

    with tarfile.open(fileobj=io.BytesIO(packed.files["sourcedir.tar.gz"])) as archive:
        names = archive.getnames()
    assert {"main.py", "training.py", "preprocessing.py", "evaluation.py"} <= set(names)
    assert not [name for name in names if "__pycache__" in name]
    assert packed.source_s3_uri == f"s3://bucket/code/{packed.sha256}/sourcedir.tar.gz"
