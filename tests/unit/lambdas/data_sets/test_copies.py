"""Data sets that take longer to copy than a Lambda may work, in simulated time."""

from functools import partial

import pytest

from lambdas.boundary.s3_objects import GIB
from lambdas.data_sets.copies import AT_ONCE, LONGEST_CALL_SECONDS, PART_BYTES, Copier
from lambdas.data_sets.data_sets import DataSets
from lambdas.data_sets.source_data import copy_source_data
from lambdas.errors import DataSetChangedError, UnfinishedCopyError
from state_machine.definition.lambda_states import MORE_CALLS
from tests.fakes.s3 import FakeS3
from tests.fakes.sized import Clock, SimulatedPool, Sized, SlowS3

BUCKET = "bucket"
RUN = f"s3://{BUCKET}/runs/run-1/source_data"
ALONE = {"instance_count": 1, "replicated_files": []}
MB = 10**6


def upload(s3: FakeS3, sizes: list[int]):
    files = tuple(f"part-{number:05}" for number in range(len(sizes)))
    for file, size in zip(files, sizes, strict=True):
        s3.upload(BUCKET, f"raw_data/large/{file}", Sized(size))
    return DataSets(s3, BUCKET, "raw_data/", files).find("large")


def lengths(s3: FakeS3, uri: str) -> list[int]:
    prefix = uri.removeprefix(f"s3://{BUCKET}/")
    return [len(s3.content(BUCKET, key)) for key in sorted(s3.buckets[BUCKET]) if prefix in key]


def copier(s3, **given) -> Copier:
    return Copier(s3, **{"seconds_left": lambda: 900, **given})


@pytest.mark.parametrize(
    "sizes",
    [[500_000 * MB], [100_000 * MB] * 5, [5_000 * MB] * 100, [200 * MB] * 2_500],
    ids=["1 object", "5 objects", "100 objects", "2,500 objects"],
)
@pytest.mark.parametrize(("rate", "calls"), [(100 * MB, 1), (10 * MB, 2), (2 * MB, 10)])
def test_500_gb_are_copied_once_in_as_many_calls_as_they_take(sizes, rate, calls):
    clock = Clock()
    s3 = SlowS3(BUCKET, clock=clock, rate=rate)
    data, ended = upload(s3, sizes), []
    pool = partial(SimulatedPool, clock, AT_ONCE)
    while not ended:
        calls -= 1
        clock.begin(LONGEST_CALL_SECONDS)
        try:
            ended.append(
                copy_source_data(copier(s3, seconds_left=clock.left, pool=pool), data, RUN, ALONE)
            )
        except UnfinishedCopyError:
            assert calls > 0
        if rate > 5 * MB:  # else the last parts may go on, and Lambda may end them
            assert clock.left() > 0
    assert lengths(s3, ended[0]) == sizes
    assert s3.copied == sum(sizes)
    assert s3.uploads == {}
    assert calls >= 0
    assert MORE_CALLS >= 10


def test_objects_go_whole_below_the_size_of_a_part_and_in_equal_parts_from_it_on():
    s3 = FakeS3(BUCKET)
    data = upload(s3, [PART_BYTES - 1, PART_BYTES, 2 * PART_BYTES + 1])
    copy_source_data(copier(s3), data, RUN, ALONE)
    assert [request["Key"][-5:] for request in s3.called("CopyObject")] == ["00000"]
    ranges = sorted(request["CopySourceRange"] for request in s3.called("UploadPartCopy"))
    assert ranges == [
        "bytes=0-268435455",
        "bytes=0-268435455",
        "bytes=268435456-536870911",
        "bytes=536870912-536870912",
    ]
    version = data.objects[2]
    sources = {r["CopySource"] for r in s3.called("UploadPartCopy") if "2/" not in r["Key"]}
    assert f"{BUCKET}/{version.key}?versionId={version.version_id}" in sources
    assert all(request["CopySourceIfMatch"] for request in s3.called("UploadPartCopy"))


def test_no_object_has_more_parts_than_s3_takes():
    s3 = FakeS3(BUCKET)
    data = upload(s3, [5 * 1024 * GIB])
    copy_source_data(copier(s3), data, RUN, ALONE)
    assert len(s3.called("UploadPartCopy")) <= 10_000


def test_parts_of_an_unversioned_object_that_is_overwritten_are_not_mixed():
    s3 = FakeS3(BUCKET, versioned=False)
    data = upload(s3, [3 * PART_BYTES])
    s3.just_before(
        "UploadPartCopy", lambda: s3.upload(BUCKET, data.objects[0].key, Sized(4 * PART_BYTES))
    )
    with pytest.raises(DataSetChangedError, match="deleted or replaced"):
        copy_source_data(copier(s3), data, RUN, ALONE)
    assert not s3.called("CompleteMultipartUpload")


def test_an_upload_that_another_call_has_ended_is_looked_at_again():
    s3 = FakeS3(BUCKET)
    data = upload(s3, [2 * PART_BYTES])
    s3.just_before("CompleteMultipartUpload", s3.uploads.clear)
    with pytest.raises(UnfinishedCopyError):
        copy_source_data(copier(s3), data, RUN, ALONE)


def test_a_copy_of_another_size_is_made_again():
    s3 = FakeS3(BUCKET)
    data = upload(s3, [7])
    s3.upload(BUCKET, f"{RUN.removeprefix(f's3://{BUCKET}/')}/{data.fingerprint}/part-00000", b"")
    assert lengths(s3, copy_source_data(copier(s3), data, RUN, ALONE)) == [7]
