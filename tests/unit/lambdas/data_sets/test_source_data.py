import pytest
from botocore.exceptions import ClientError

from lambdas.data_sets.copies import Copier
from lambdas.data_sets.data_sets import DataSets
from lambdas.data_sets.source_data import copy_source_data
from lambdas.errors import ArchivedDataError, DataSetChangedError, ShardingError
from tests.fakes.s3 import FakeS3

BUCKET = "bucket"
FILES = ("images + labels.gz", "数字.gz")
PATTERNS = ["*labels*", "manifest.json"]
ALONE = {"instance_count": 1, "replicated_files": PATTERNS}
FOLDER = f"s3://{BUCKET}/runs/run-1/source_data"


@pytest.fixture(params=[True, False], ids=["versioned", "unversioned"])
def s3(request) -> FakeS3:
    fake = FakeS3(BUCKET, versioned=request.param)
    for file in FILES:
        fake.upload(BUCKET, f"raw_data/digits/{file}", b"content of " + file.encode())
    return fake


@pytest.fixture
def dataset(s3):
    return DataSets(s3, BUCKET, "raw_data/", FILES).find("digits")


def copier(s3) -> Copier:
    return Copier(s3, seconds_left=lambda: 900)


def copies(s3, uri: str) -> dict[str, bytes]:
    prefix = uri.removeprefix(f"s3://{BUCKET}/")
    keys = [key for key in s3.buckets[BUCKET] if key.startswith(prefix)]
    return {key.removeprefix(prefix): s3.content(BUCKET, key) for key in keys}


def test_copies_the_files_and_nothing_else(s3, dataset):
    s3.upload(BUCKET, "raw_data/digits/readme.txt")
    uri = copy_source_data(copier(s3), dataset, FOLDER, ALONE)
    assert uri == f"{FOLDER}/{dataset.fingerprint}/"
    assert copies(s3, uri) == {file: b"content of " + file.encode() for file in FILES}
    assert all(copy["TaggingDirective"] == "REPLACE" for copy in s3.called("CopyObject"))


def test_copies_the_versions_of_the_fingerprint_or_nothing(s3, dataset):
    s3.upload(BUCKET, f"raw_data/digits/{FILES[1]}", b"newer")
    if not s3.versioned:
        with pytest.raises(DataSetChangedError, match="deleted or replaced"):
            copy_source_data(copier(s3), dataset, FOLDER, ALONE)
        return
    uri = copy_source_data(copier(s3), dataset, FOLDER, ALONE)
    assert copies(s3, uri)[FILES[1]] == b"content of " + FILES[1].encode()


def test_a_version_that_is_gone_is_named(s3, dataset):
    s3.purge(BUCKET, f"raw_data/digits/{FILES[0]}")
    with pytest.raises(DataSetChangedError) as caught:
        copy_source_data(copier(s3), dataset, FOLDER, ALONE)
    version = dataset.objects[0]
    assert f"version {version.version_id} of s3://{BUCKET}/{version.key}" in str(caught.value)


def test_a_repeated_call_writes_nothing_again(s3, dataset):
    first = copy_source_data(copier(s3), dataset, FOLDER, ALONE)
    before = copies(s3, first)
    assert copy_source_data(copier(s3), dataset, FOLDER, ALONE) == first
    assert copies(s3, first) == before
    assert len(s3.called("CopyObject")) == len(FILES)


def test_newer_data_is_copied_somewhere_else(s3, dataset):
    first = copy_source_data(copier(s3), dataset, FOLDER, ALONE)
    s3.upload(BUCKET, f"raw_data/digits/{FILES[1]}", b"newer")
    newer = DataSets(s3, BUCKET, "raw_data/", FILES[1:]).find("digits")
    assert copies(s3, copy_source_data(copier(s3), newer, FOLDER, ALONE)) == {FILES[1]: b"newer"}
    assert len(copies(s3, first)) == 2


@pytest.mark.parametrize(
    ("head", "archive", "asked"),
    [
        ({"StorageClass": "GLACIER"}, "GLACIER", "--restore-request Days=7`"),
        ({"StorageClass": "DEEP_ARCHIVE"}, "DEEP_ARCHIVE", "--restore-request Days=7`"),
        (
            {"StorageClass": "INTELLIGENT_TIERING", "ArchiveStatus": "ARCHIVE_ACCESS"},
            "ARCHIVE_ACCESS",
            "--restore-request 'GlacierJobParameters={Tier=Standard}'`",
        ),
        (
            {"StorageClass": "GLACIER", "Restore": 'ongoing-request="true"'},
            "GLACIER",
            "it is being restored",
        ),
    ],
)
def test_an_archived_file_is_named_with_its_archive_and_how_to_restore_it(
    s3, dataset, head, archive, asked
):
    version = dataset.objects[0]
    s3.archive(BUCKET, version.key, **head)
    with pytest.raises(ArchivedDataError) as caught:
        copy_source_data(copier(s3), dataset, FOLDER, ALONE)
    told = str(caught.value)
    assert told.startswith(f"s3://{BUCKET}/{version.key} lies in {archive} and cannot be read: ")
    assert asked in told
    if s3.versioned and "restore-object" in told:
        assert f"--key '{version.key}' --version-id {version.version_id} " in told
    assert told.isprintable()


def test_a_file_that_was_restored_for_some_days_is_copied(s3, dataset):
    restored = 'ongoing-request="false", expiry-date="Fri, 21 Dec 2026 00:00:00 GMT"'
    key = dataset.objects[0].key
    s3.archive(BUCKET, key, StorageClass="GLACIER", Restore=restored)
    uri = copy_source_data(copier(s3), dataset, FOLDER, ALONE)
    assert len(copies(s3, uri)) == len(FILES)


def test_other_errors_are_raised(s3, dataset):
    s3.refuse("CopyObject", "AccessDenied", 403)
    with pytest.raises(ClientError, match="AccessDenied"):
        copy_source_data(copier(s3), dataset, FOLDER, ALONE)


def among(count, *patterns):
    return {"instance_count": count, "replicated_files": patterns or PATTERNS}


SHARDS = ("t10k-images.gz", "train-0-images.gz", "train-1-images.gz")
LABELS = ("t10k-labels.gz", "train-0-labels.gz", "train-1-labels.gz")


@pytest.fixture
def shards(s3):
    for file in (*SHARDS, *LABELS):
        s3.upload(BUCKET, f"raw_data/shards/{file}", f"content of {file}".encode())
    return DataSets(s3, BUCKET, "raw_data/", (*SHARDS, *LABELS)).find("shards")


@pytest.mark.parametrize("count", [2, 3])
def test_several_instances_share_the_images_and_all_get_the_labels(s3, shards, count):
    uri = copy_source_data(copier(s3), shards, FOLDER, among(count))
    assert uri == f"{FOLDER}/{shards.fingerprint}/"
    expected = {f"sharded/{file}": f"content of {file}".encode() for file in SHARDS}
    expected |= {f"replicated/{file}": f"content of {file}".encode() for file in LABELS}
    assert copies(s3, uri) == expected


@pytest.mark.parametrize(
    ("sharding", "found"),
    [
        (among(4), "needs 4 files or more .* found 3 to be shared out of 6 files, t10k-images.gz"),
        (among(2, "*"), "found 0 to be shared out of 6 files"),
        (among(2, "train-1-*", "*labels*", "t10k*"), "found 1 to be shared out of 6 files"),
        (among(2, "*.csv"), "one or more that replicated_files matches; found 6 to be shared out"),
    ],
)
def test_what_cannot_be_shared_out_is_refused_before_anything_is_copied(
    s3, shards, sharding, found
):
    with pytest.raises(ShardingError, match=found):
        copy_source_data(copier(s3), shards, FOLDER, sharding)
    assert copies(s3, f"{FOLDER}/") == {}
