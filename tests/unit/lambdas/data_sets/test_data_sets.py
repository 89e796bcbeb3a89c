import hashlib
import json

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from lambdas.data_sets.data_sets import DataSet, DataSets, ObjectVersion, name_problem
from lambdas.errors import DataSetChangedError, IncompleteDataSetError, NoCompleteDataSetError
from tests.fakes.s3 import FakeS3

BUCKET = "bucket"
FILES = ("images.gz", "labels.gz")


@pytest.fixture(params=[True, False], ids=["versioned", "unversioned"])
def s3(request) -> FakeS3:
    return FakeS3(BUCKET, versioned=request.param)


@pytest.fixture
def datasets(s3) -> DataSets:
    return DataSets(s3, BUCKET, "raw_data/", FILES)


def upload(s3, dataset, *files, content=b"content"):
    for file in files or FILES:
        s3.upload(BUCKET, f"raw_data/{dataset}/{file}", content)


@pytest.mark.parametrize(
    ("key", "place"),
    [
        ("raw_data/digits/images.gz", ("digits", "images.gz")),
        ("raw_data/a b + c/images.gz", ("a b + c", "images.gz")),
        ("raw_data/数字/images.gz", ("数字", "images.gz")),
        ("raw_data/digits/old/images.gz", None),
        ("raw_data/cafe\u200dteam/images.gz", None),
        ("raw_data/soft\u00adhyphen/images.gz", None),
        ("raw_data/private\ue000/images.gz", None),
        ("raw_data/images.gz", None),
        ("raw_data/digits/", None),
        ("raw_data//images.gz", None),
        ("raw_data/../images.gz", None),
        ("raw_data/line\nend/images.gz", None),
        ("raw_data/line\n/images.gz", None),
        ("runs/digits/images.gz", None),
        ("other/raw_data/digits/images.gz", None),
    ],
)
def test_place(datasets, key, place):
    assert datasets.place(key) == place


def test_finds_the_current_versions_of_the_required_files(s3, datasets):
    upload(s3, "digits", content=b"old")
    upload(s3, "digits", "images.gz", content=b"new content")
    upload(s3, "digits", "readme.txt", "old/images.gz")
    upload(s3, "digits-2")

    dataset = datasets.find("digits")

    assert dataset.s3_uri == "s3://bucket/raw_data/digits/"
    assert dataset.missing == ()
    assert [(o.key, o.size) for o in dataset.objects] == [
        ("raw_data/digits/images.gz", 11),
        ("raw_data/digits/labels.gz", 3),
    ]
    images = s3.buckets[BUCKET]["raw_data/digits/images.gz"][-1]
    assert (dataset.objects[0].version_id, dataset.objects[0].etag) == (
        images.version_id,
        images.etag,
    )


def test_a_deleted_file_is_missing(s3, datasets):
    upload(s3, "digits")
    s3.delete(BUCKET, "raw_data/digits/labels.gz")
    assert datasets.find("digits").missing == ("labels.gz",)


def test_the_fingerprint_is_that_of_the_versions(s3, datasets):
    upload(s3, "digits")
    upload(s3, "copy")
    before = datasets.find("digits").fingerprint
    assert before == datasets.find("digits").fingerprint
    assert before != datasets.find("copy").fingerprint
    upload(s3, "digits", "labels.gz", content=b"other")
    assert before != datasets.find("digits").fingerprint


def test_the_fingerprint_does_not_depend_on_the_order_of_the_listing():
    a, b = ObjectVersion("a", "1", "e", 1), ObjectVersion("b", "1", "e", 1)
    assert DataSet("d", "", (a, b), ()).fingerprint == DataSet("d", "", (b, a), ()).fingerprint


def test_the_newest_complete_data_set_was_written_to_last(s3, datasets):
    upload(s3, "first")
    upload(s3, "second")
    upload(s3, "incomplete", "images.gz")
    assert datasets.newest().name == "second"
    upload(s3, "first", "labels.gz")
    assert datasets.newest().name == "first"
    upload(s3, "second", "readme.txt")
    assert datasets.newest().name == "first"
    s3.delete(BUCKET, "raw_data/first/images.gz")
    assert datasets.newest().name == "second"


def test_no_complete_data_set(s3, datasets):
    upload(s3, "incomplete", "images.gz")
    with pytest.raises(NoCompleteDataSetError, match=r"upload images.gz, labels.gz"):
        datasets.choose(None, None)


def test_a_named_incomplete_data_set_lists_what_is_missing(s3, datasets):
    upload(s3, "digits", "images.gz")
    with pytest.raises(IncompleteDataSetError, match=r"'digits' is incomplete: labels.gz missing"):
        datasets.choose("digits", None)


def test_a_fingerprint_must_match(s3, datasets):
    upload(s3, "digits")
    fingerprint = datasets.find("digits").fingerprint
    assert datasets.choose("digits", fingerprint).name == "digits"
    assert datasets.choose(None, fingerprint).name == "digits"
    upload(s3, "digits", "labels.gz", content=b"other")
    with pytest.raises(DataSetChangedError, match=f"expected {fingerprint}"):
        datasets.choose("digits", fingerprint)


def list_files(s3, dataset, *files, content=b"content", **changes):
    """Upload a manifest of the files with that content."""
    digest = hashlib.sha256(content).hexdigest()
    listed = [{"name": name, "size": len(content), "sha256": digest} | changes for name in files]
    manifest = json.dumps({"files": listed}).encode()
    return s3.upload(BUCKET, f"raw_data/{dataset}/manifest.json", manifest)


def test_a_manifest_takes_the_place_of_the_required_files(s3, datasets):
    list_files(s3, "digits", "part + 1", "部分 2")
    upload(s3, "digits", "part + 1", "images.gz", "labels.gz")
    dataset = datasets.find("digits")
    assert dataset.files == ("manifest.json", "part + 1", "部分 2")
    assert dataset.incomplete == "部分 2 missing"
    upload(s3, "digits", "部分 2")
    dataset = datasets.find("digits")
    assert dataset.incomplete == ""
    assert [version.file for version in dataset.objects] == ["manifest.json", "part + 1", "部分 2"]
    assert dataset.includes("部分 2")
    assert not dataset.includes("images.gz")


def test_the_manifest_is_part_of_the_fingerprint(s3, datasets):
    upload(s3, "digits")
    without = datasets.find("digits").fingerprint
    list_files(s3, "digits", *FILES)
    with_manifest = datasets.find("digits").fingerprint
    list_files(s3, "digits", *reversed(FILES))
    assert len({without, with_manifest, datasets.find("digits").fingerprint}) == 3


def test_sizes_are_held_to_the_manifest(s3, datasets):
    upload(s3, "digits")
    list_files(s3, "digits", *FILES, "more.gz", size=8)
    assert datasets.find("digits").incomplete == (
        "more.gz missing; "
        "images.gz: found 7 bytes, expected 8 bytes as manifest.json lists it; "
        "labels.gz: found 7 bytes, expected 8 bytes as manifest.json lists it"
    )


def test_a_manifest_that_cannot_be_read_makes_the_data_set_incomplete(s3, datasets):
    upload(s3, "digits")
    s3.upload(BUCKET, "raw_data/digits/manifest.json", b'{"files": []}')
    dataset = datasets.find("digits")
    assert dataset.incomplete == "manifest.json: files: found [], expected array (1 to 100 files)"
    assert dataset.includes("images.gz")
    with pytest.raises(IncompleteDataSetError, match=r"is incomplete: manifest.json: files: found"):
        datasets.choose("digits", None)
    with pytest.raises(NoCompleteDataSetError):
        datasets.choose(None, None)


def test_a_deleted_manifest_does_not_count(s3, datasets):
    upload(s3, "digits")
    list_files(s3, "digits", "part 1")
    s3.delete(BUCKET, "raw_data/digits/manifest.json")
    assert datasets.find("digits").files == FILES


@pytest.mark.parametrize("act", ["replace", "purge"])
def test_fingerprint_and_content_are_of_one_manifest(s3, datasets, act):
    upload(s3, "digits")
    listed = list_files(s3, "digits", *FILES)

    def interfere() -> None:
        if act == "replace":
            list_files(s3, "digits", "part 1")
        else:
            s3.purge(BUCKET, "raw_data/digits/manifest.json")

    s3.just_before("GetObject", interfere)
    dataset = datasets.find("digits")
    if s3.versioned and act == "replace":
        assert dataset.files == ("manifest.json", *FILES)
        assert dataset.objects[-1].version_id == listed.version_id
    else:
        assert dataset.incomplete == "manifest.json was replaced while it was read"


def test_other_errors_while_a_manifest_is_read_are_raised(s3, datasets):
    list_files(s3, "digits", *FILES)
    s3.refuse("GetObject", "AccessDenied", 403)
    with pytest.raises(ClientError, match="AccessDenied"):
        datasets.find("digits")


def test_the_newest_counts_the_files_that_a_manifest_lists(s3, datasets):
    list_files(s3, "listed", "part 1")
    upload(s3, "listed", "part 1")
    upload(s3, "required")
    assert datasets.newest().name == "required"
    upload(s3, "listed", "images.gz")  # which has no part in it
    assert datasets.newest().name == "required"
    upload(s3, "listed", "part 1")
    assert datasets.newest().name == "listed"


def test_data_sets_that_lack_files_cost_the_search_for_the_newest_no_call(s3, datasets):
    upload(s3, "whole")
    for number in range(50):
        upload(s3, f"part-{number}", FILES[0])
        upload(s3, f"manifest-{number}", "manifest.json")
    s3.page_size = 1000
    assert datasets.newest().name == "whole"
    assert [name for name, _ in s3.calls] == ["ListObjectsV2", "ListObjectVersions"]


@given(name=st.text(min_size=1, max_size=20))
def test_a_name_is_a_data_sets_or_has_a_problem(name):
    place = DataSets(FakeS3(BUCKET), BUCKET, "raw_data/", FILES).place(f"raw_data/{name}/images.gz")
    assert (place is None) == bool(name_problem(name))
    assert place is None or name.isprintable()


def test_looking_for_the_newest_stops_where_none_can_be_newer(s3, datasets):
    for number in range(5):
        upload(s3, f"old-{number}")
    upload(s3, "new")
    assert datasets.newest().name == "new"
    asked = {request["Prefix"] for request in s3.called("ListObjectVersions")}
    assert asked == {"raw_data/new/"}
