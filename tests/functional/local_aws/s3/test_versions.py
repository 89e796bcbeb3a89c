"""ListObjectVersions, page by page."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local_aws.client import EmbeddedAws

KEYS = st.lists(st.sampled_from(["a", "b", "b/1", "b/2", "b/2/x", "c"]), min_size=1, max_size=14)


@pytest.fixture
def bucket(embedded_aws: EmbeddedAws) -> str:
    return make_bucket(embedded_aws)


def make_bucket(aws: EmbeddedAws) -> str:
    s3, name = aws.client("s3"), f"versions-{uuid4().hex[:8]}"
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


def pages(s3: Any, bucket: str, size: int, **asked: str) -> Iterator[dict[str, Any]]:
    paginator = s3.get_paginator("list_object_versions")
    yield from paginator.paginate(Bucket=bucket, PaginationConfig={"PageSize": size}, **asked)


def found(page: dict[str, Any]) -> list[dict[str, Any]]:
    return [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]


@given(keys=KEYS, deleted=st.sets(st.sampled_from("abc")), size=st.integers(1, 15))
@settings(max_examples=15, deadline=None)
def test_pages_have_every_version_once_the_newest_of_a_key_first(
    embedded_aws: EmbeddedAws, keys: list[str], deleted: set[str], size: int
) -> None:
    s3, bucket = embedded_aws.client("s3"), make_bucket(embedded_aws)
    put = [(key, s3.put_object(Bucket=bucket, Key=key, Body=b"")["VersionId"]) for key in keys]
    for key in sorted(deleted & set(keys)):
        put.append((key, s3.delete_object(Bucket=bucket, Key=key)["VersionId"]))

    listed = [each for page in pages(s3, bucket, size) for each in found(page)]

    assert sorted((each["Key"], each["VersionId"]) for each in listed) == sorted(put)
    newest = {each["Key"]: each["VersionId"] for each in listed if each["IsLatest"]}
    assert newest == dict(put)
    for page in pages(s3, bucket, 100):
        rows = [(each["Key"], each["VersionId"]) for each in page.get("Versions", ())]
        expected = [row for row in put[::-1] if row in rows]
        assert rows == sorted(expected, key=lambda row: row[0])


@given(keys=KEYS, size=st.integers(1, 4), prefix=st.sampled_from(["", "b", "b/"]))
@settings(max_examples=10, deadline=None)
def test_pages_have_every_common_prefix_once(
    embedded_aws: EmbeddedAws, keys: list[str], size: int, prefix: str
) -> None:
    s3, bucket = embedded_aws.client("s3"), make_bucket(embedded_aws)
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"")

    listed = list(pages(s3, bucket, size, Delimiter="/", Prefix=prefix))

    own = [key for key in keys if key.startswith(prefix)]
    below = {key[len(prefix) :].split("/")[0] for key in own if "/" in key[len(prefix) :]}
    common = [each["Prefix"] for page in listed for each in page.get("CommonPrefixes", ())]
    assert sorted(common) == sorted(f"{prefix}{name}/" for name in below)
    plain = sorted(key for key in own if "/" not in key[len(prefix) :])
    assert sorted(each["Key"] for page in listed for each in found(page)) == plain


@pytest.mark.parametrize("keys", [["x"] * 25, [f"k{n:02d}" for n in range(25)], ["a", "b"] * 13])
def test_who_deletes_page_by_page_deletes_all(
    embedded_aws: EmbeddedAws, bucket: str, keys: list[str]
) -> None:
    s3 = embedded_aws.client("s3")
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"")

    for page in pages(s3, bucket, 10):
        gone = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in found(page)]
        s3.delete_objects(Bucket=bucket, Delete={"Objects": gone})

    s3.delete_bucket(Bucket=bucket)


def test_a_key_marker_skips_that_key_alone(embedded_aws: EmbeddedAws, bucket: str) -> None:
    s3 = embedded_aws.client("s3")
    for key in ("a", "b", "b", "c", "d"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    for marker, expected in (
        ("b", ["c", "d"]),
        ("bb", ["c", "d"]),
        ("d", []),
        ("", ["a", "b", "b", "c", "d"]),
    ):
        answer = s3.list_object_versions(Bucket=bucket, KeyMarker=marker)
        assert [each["Key"] for each in found(answer)] == expected
    none = s3.list_object_versions(Bucket=bucket, MaxKeys=0)
    assert (found(none), none["IsTruncated"]) == ([], False)
