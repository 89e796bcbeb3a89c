"""A data set is held to its manifest before a byte of it is read."""

import gzip
import hashlib
import json

import pytest

from data import manifest
from job.errors import DataError

LABELS = "train-labels-idx1-ubyte.gz"


@pytest.fixture
def source(tmp_path):
    """A folder with two files; whether they are images is not the manifest's business."""
    (tmp_path / "images").write_bytes(b"images" * 1000)
    (tmp_path / LABELS).write_bytes(b"labels")
    return tmp_path


def listed(file):
    content = file.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    return {"name": file.name, "size": len(content), "sha256": digest}


def write_manifest(source, *changes):
    files = [listed(file) for file in sorted(source.iterdir())]
    for number, change in enumerate(changes):
        files[number] |= change
    (source / "manifest.json").write_text(json.dumps({"files": files}))


def test_without_a_manifest_there_is_nothing_to_hold_on_to(source):
    manifest.verify(source)


def test_files_as_listed_pass(source):
    write_manifest(source)
    manifest.verify(source)


def test_files_that_are_not_listed_are_not_judged(source):
    write_manifest(source)
    (source / "readme.txt").write_text("more")
    manifest.verify(source)


def test_another_content_of_the_same_size_is_named(source):
    write_manifest(source)
    (source / LABELS).write_bytes(b"lables")
    with pytest.raises(DataError) as caught:
        manifest.verify(source)
    found, expected = (hashlib.sha256(content).hexdigest() for content in (b"lables", b"labels"))
    assert str(caught.value) == (
        f"{LABELS}: found sha256 {found}, expected sha256 {expected}, as manifest.json lists it"
    )


def test_a_truncated_file_is_named_before_any_digest_is_taken(source):
    write_manifest(source, {"sha256": "0" * 64})
    (source / LABELS).write_bytes(b"lab")
    with pytest.raises(DataError, match=f"^{LABELS}: found 3 bytes, expected 6 bytes, as manifest"):
        manifest.verify(source)


def test_a_missing_file_is_named(source):
    write_manifest(source)
    (source / LABELS).unlink()
    with pytest.raises(DataError, match=f"^{LABELS}: found no such file, expected 6 bytes"):
        manifest.verify(source)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b'{"files": 3}',
        b'{"files": [3]}',
        b'{"files": [{"name": "images"}]}',
        b'{"files": [{"name": "images", "size": "many", "sha256": ""}]}',
        b"[" * 100_000,
        b'{"files": [{"name": "images", "size": 1e999, "sha256": ""}]}',
        b'{"files": [{"name": "images", "size": true, "sha256": ""}]}',
        b'{"files": [{"name": "images", "size": 1%s, "sha256": ""}]}' % (b"0" * 400),
        b'{"files": [{"name": ["images"], "size": 6000, "sha256": ""}]}',
    ],
    ids=lambda _: "case",
)
def test_an_unreadable_manifest_is_named(source, content):
    (source / "manifest.json").write_bytes(content)
    with pytest.raises(DataError, match=r"^manifest.json: found .* expected a JSON object with"):
        manifest.verify(source)


def test_a_manifest_is_not_read_whatever_its_size(source):
    (source / "manifest.json").write_bytes(b" " * 300_000)
    with pytest.raises(DataError, match=r"^manifest.json: found 300,000 bytes, expected at most"):
        manifest.verify(source)


@pytest.mark.parametrize(
    "name", ["../images", "/etc/hostname", "", "..", "a\0", "\x1b[31m", "\u202e", "n" * 300]
)
def test_nothing_outside_of_the_folder_is_read(source, name):
    write_manifest(source, {"name": name})
    with pytest.raises(DataError, match=r"^manifest.json: found the name '"):
        manifest.verify(source)


def test_the_job_fails_by_name_and_writes_no_array(tmp_path, digits, write_dataset, run_script):
    source = write_dataset(tmp_path / "processing/source_data", digits)
    write_manifest(source)
    labels = source / LABELS
    # Whole, valid, of other labels: only the digest can tell.
    content = bytearray(gzip.decompress(labels.read_bytes()))
    content[8:10] = content[9:7:-1]
    labels.write_bytes(gzip.compress(bytes(content), compresslevel=1, mtime=0))
    size = {"name": LABELS, "size": labels.stat().st_size}
    listing = json.loads((source / "manifest.json").read_text())
    for file in listing["files"]:
        file.update(size if file["name"] == LABELS else {})
    (source / "manifest.json").write_text(json.dumps(listing))

    result = run_script(tmp_path, "preprocessing.py")

    assert result.returncode == 1
    assert (tmp_path / "output/message").read_text().startswith(f"{LABELS}: found sha256 ")
    assert {path.name for path in (tmp_path / "processing").iterdir()} == {"source_data"}
