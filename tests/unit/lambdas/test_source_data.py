import pytest
from botocore.exceptions import ClientError

from lambdas.datasets import DataSets
from lambdas.errors import DataSetChangedError
from lambdas.source_data import copy_source_data
from tests.fakes.s3 import FakeS3

BUCKET = "bucket"
FILES = ("images + labels.gz", "数字.gz")
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


def copies(s3, uri: str) -> dict[str, bytes]:
    prefix = uri.removeprefix(f"s3://{BUCKET}/")
    keys = [key for key in s3.buckets[BUCKET] if key.startswith(prefix)]
    return {key.removeprefix(prefix): s3.content(BUCKET, key) for key in keys}


def test_copies_the_files_and_nothing_else(s3, dataset):
    s3.upload(BUCKET, "raw_data/digits/readme.txt")
    uri = copy_source_data(s3, dataset, FOLDER)
    assert uri == f"{FOLDER}/{dataset.fingerprint}/"
    assert copies(s3, uri) == {file: b"content of " + file.encode() for file in FILES}
    assert all(copy["TaggingDirective"] == "REPLACE" for copy in s3.called("CopyObject"))


def test_copies_the_versions_of_the_fingerprint_or_nothing(s3, dataset):
    s3.upload(BUCKET, f"raw_data/digits/{FILES[1]}", b"newer")
    if not s3.versioned:
        with pytest.raises(DataSetChangedError, match="deleted or replaced"):
            copy_source_data(s3, dataset, FOLDER)
        return
    uri = copy_source_data(s3, dataset, FOLDER)
    assert copies(s3, uri)[FILES[1]] == b"content of " + FILES[1].encode()


@pytest.mark.parametrize("call", ["HeadObject", "CopyObject"])
def test_a_version_that_is_gone_is_named(s3, dataset, call):
    s3.just_before(call, lambda: s3.purge(BUCKET, f"raw_data/digits/{FILES[0]}"))
    with pytest.raises(DataSetChangedError) as caught:
        copy_source_data(s3, dataset, FOLDER)
    version = dataset.objects[0]
    assert f"version {version.version_id} of s3://{BUCKET}/{version.key}" in str(caught.value)


def test_a_repeated_call_writes_the_same_again(s3, dataset):
    first = copy_source_data(s3, dataset, FOLDER)
    before = copies(s3, first)
    assert copy_source_data(s3, dataset, FOLDER) == first
    assert copies(s3, first) == before


def test_newer_data_is_copied_somewhere_else(s3, dataset):
    first = copy_source_data(s3, dataset, FOLDER)
    s3.upload(BUCKET, f"raw_data/digits/{FILES[1]}", b"newer")
    newer = DataSets(s3, BUCKET, "raw_data/", FILES[1:]).find("digits")
    assert copies(s3, copy_source_data(s3, newer, FOLDER)) == {FILES[1]: b"newer"}
    assert len(copies(s3, first)) == 2


def test_other_errors_are_raised(s3, dataset):
    s3.refuse("CopyObject", "AccessDenied", 403)
    with pytest.raises(ClientError, match="AccessDenied"):
        copy_source_data(s3, dataset, FOLDER)
