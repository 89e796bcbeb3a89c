import pytest

from lambdas.datasets import DataSet, DataSets, ObjectVersion
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
        ("raw_data/images.gz", None),
        ("raw_data/digits/", None),
        ("raw_data//images.gz", None),
        ("raw_data/../images.gz", None),
        ("raw_data/line\nend/images.gz", None),
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
    assert datasets.newest() == "second"
    upload(s3, "first", "labels.gz")
    assert datasets.newest() == "first"
    upload(s3, "second", "readme.txt")
    assert datasets.newest() == "first"
    s3.delete(BUCKET, "raw_data/first/images.gz")
    assert datasets.newest() == "second"


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
