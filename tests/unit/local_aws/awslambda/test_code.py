"""A function's zip on disk."""

import io
import zipfile
from pathlib import Path

from local_aws.awslambda.code import unpack


def zipped(**files: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"{name}.py", text)
    return buffer.getvalue()


def test_a_twin_is_linked_with_its_bytecode(tmp_path: Path) -> None:
    twin = unpack(zipped(app="x = 1"), tmp_path / "one" / "digest")
    (twin / "__pycache__").mkdir()
    (twin / "__pycache__" / "app.pyc").write_bytes(b"compiled")

    folder = unpack(zipped(app="x = 1"), tmp_path / "two" / "digest", [twin])

    assert (folder / "app.py").samefile(twin / "app.py")
    assert (folder / "__pycache__" / "app.pyc").read_bytes() == b"compiled"
    (folder / "__pycache__" / "other.pyc").touch()
    assert not (twin / "__pycache__" / "other.pyc").exists()


def test_a_twin_that_has_gone_is_done_without(tmp_path: Path) -> None:
    folder = unpack(zipped(app="x = 1"), tmp_path / "two" / "digest", [tmp_path / "gone"])

    assert (folder / "app.py").read_text() == "x = 1"


def test_a_twin_that_cannot_be_linked_whole_leaves_nothing(tmp_path: Path) -> None:
    twin = unpack(zipped(app="x = 1", more="y = 2"), tmp_path / "one" / "digest")
    (twin / "endless").symlink_to(twin)  # not all of it can be read

    folder = unpack(zipped(app="x = 1"), tmp_path / "two" / "digest", [twin])

    assert [path.name for path in folder.iterdir()] == ["app.py"]
