"""The code bundle: named by content, free of everything else."""

import io
import os
import shutil
import tarfile
from pathlib import Path

from state_machine.artifacts import bundle
from tests.support.paths import PROJECT


def copy_scripts(to: Path) -> Path:
    shutil.copytree(PROJECT / "ml_scripts", to, ignore=shutil.ignore_patterns("__pycache__"))
    return to


def test_the_same_sources_have_the_same_name_whatever_their_times(tmp_path: Path) -> None:
    first = bundle.pack([copy_scripts(tmp_path / "first")], "bucket")
    second_folder = copy_scripts(tmp_path / "second")
    for path in second_folder.rglob("*"):
        os.utime(path, (1, 1))
    (second_folder / "__pycache__").mkdir()
    (second_folder / "__pycache__" / "main.cpython-311.pyc").write_bytes(b"machine's own")

    assert bundle.pack([second_folder], "bucket").sha256 == first.sha256


def test_a_changed_script_has_another_name(tmp_path: Path) -> None:
    folder = copy_scripts(tmp_path / "scripts")
    before = bundle.pack([folder], "bucket")
    with (folder / "main.py").open("a") as script:
        script.write("# changed\n")

    assert bundle.pack([folder], "bucket").sha256 != before.sha256


def test_the_archive_holds_the_entry_points_at_its_top() -> None:
    packed = bundle.pack([PROJECT / "ml_scripts"], "bucket")

    with tarfile.open(fileobj=io.BytesIO(packed.files["sourcedir.tar.gz"])) as archive:
        names = archive.getnames()
    assert {"main.py", "training.py", "preprocessing.py", "evaluation.py"} <= set(names)
    assert not [name for name in names if "__pycache__" in name]
    assert packed.source_s3_uri == f"s3://bucket/code/{packed.sha256}/sourcedir.tar.gz"


def unpacked(packed: bundle.Bundle) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(packed.files["sourcedir.tar.gz"])) as archive:
        members = {name: archive.extractfile(name) for name in archive.getnames()}
        return {name: file.read() for name, file in members.items() if file}


def write(folder: Path, **scripts: str) -> Path:
    folder.mkdir()
    for name, content in scripts.items():
        (folder / f"{name}.py").write_text(content)
    return folder


def test_the_file_of_the_later_folder_is_taken(tmp_path: Path) -> None:
    below, above = PROJECT / "ml_scripts", write(tmp_path / "mine", model="# mine", extra="# new")

    scripts = unpacked(bundle.pack([below, above], "bucket"))

    assert (scripts["model.py"], scripts["extra.py"]) == (b"# mine", b"# new")
    assert scripts["main.py"] == (below / "main.py").read_bytes()
    assert unpacked(bundle.pack([above, below], "bucket"))["model.py"] != b"# mine"


def test_only_the_content_counts_not_the_folder_that_it_comes_from(tmp_path: Path) -> None:
    whole, parts = copy_scripts(tmp_path / "whole"), copy_scripts(tmp_path / "parts")
    (tmp_path / "other").mkdir()
    (parts / "model.py").rename(tmp_path / "other" / "model.py")

    assert bundle.pack([parts, tmp_path / "other"], "b").sha256 == bundle.pack([whole], "b").sha256


def test_a_link_is_packed_as_the_file_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "model.py").symlink_to(PROJECT / "ml_scripts" / "model.py")
    below = PROJECT / "ml_scripts"

    packed = bundle.pack([below, tmp_path], "bucket")

    assert packed.sha256 == bundle.pack([below], "bucket").sha256


def test_an_entry_script_may_be_replaced_too(tmp_path: Path) -> None:
    (tmp_path / "process.sh").write_text("#!/bin/bash\n")

    packed = bundle.pack([PROJECT / "ml_scripts", tmp_path], "bucket")

    assert packed.files["process.sh"] == b"#!/bin/bash\n"


LEFT_BEHIND = (
    ".DS_Store",
    ".env",
    "prod.env",
    ".main.py.swp",
    "main.py~",
    "#main.py#",
    "main.py.orig",
    "model.pyc",
    "data/.hidden",
    "data/__pycache__/x.pyc",
    ".venv/pyvenv.cfg",
    ".git/config",
    "my-environment/pyvenv.cfg",
    "my-environment/lib/numpy.py",
    "data/.ipynb_checkpoints/x.ipynb",
    ".mypy_cache/x.json",
    "Thumbs.db",
)


def test_what_editors_systems_and_tools_leave_is_not_shipped(tmp_path: Path) -> None:
    # The folders above the scripts may have any name.
    folder = copy_scripts(tmp_path / ".worktrees" / "venv" / "scripts")
    before = bundle.pack([folder], "bucket")
    for name in LEFT_BEHIND:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("SECRET=1")
    (folder / "link").symlink_to("nowhere")

    after = bundle.pack([folder], "bucket")

    assert after == before
    assert "main.py" in unpacked(after)


def test_wheels_are_shipped_with_the_scripts(tmp_path: Path) -> None:
    folder = tmp_path / "downloaded"
    folder.mkdir()
    (folder / "ours-1.0-py3-none-any.whl").write_bytes(b"a wheel")
    (folder / "README.md").write_text("not one")
    plain = bundle.pack([PROJECT / "ml_scripts"], "bucket")

    packed = bundle.pack([PROJECT / "ml_scripts"], "bucket", folder)

    added = {name: unpacked(packed)[name] for name in unpacked(packed).keys() - unpacked(plain)}
    assert added == {"wheels/ours-1.0-py3-none-any.whl": b"a wheel"}
    for state in ("Preprocess", "Train", "Evaluate"):
        assert packed.code_of(state) != plain.code_of(state)
