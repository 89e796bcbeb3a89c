"""Keys may be any text: every listing gives them back as they are, whatever XML can hold."""

import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote_plus
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from local_aws.client import EmbeddedAws

ESCAPE = "raw_data/esc/evil\x1b[2J\u0085\ufffe a+b%2F&<ü>.gz"
# Paths of "." and ".." never leave a client; moto's routes find no key with a line feed.
NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="./\n"), min_size=1)
KEYS = st.builds("/".join, st.lists(NAMES.map(lambda name: name[:20]), min_size=1, max_size=3))
CASES = int(os.environ.get("FUZZ_CASES", "15"))


@pytest.fixture
def bucket(embedded_aws: EmbeddedAws) -> Iterator[str]:
    s3, name = embedded_aws.client("s3"), f"keys-{uuid4().hex[:8]}"
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    yield name


def keys(pages: Iterator[dict[str, Any]], *members: str) -> list[str]:
    return [each["Key"] for page in pages for member in members for each in page.get(member, [])]


@given(names=st.sets(KEYS, min_size=1, max_size=4))
@settings(max_examples=CASES, deadline=None)
def test_every_listing_gives_the_keys_back(embedded_aws: EmbeddedAws, names: set[str]) -> None:
    s3, bucket = embedded_aws.client("s3"), f"keys-{uuid4().hex[:8]}"
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for name in names:
        s3.put_object(Bucket=bucket, Key=name)
    deleted = min(names)
    s3.delete_object(Bucket=bucket, Key=deleted)

    def listed(operation: str, *members: str, **request: Any) -> list[str]:
        pages = s3.get_paginator(operation).paginate(
            Bucket=bucket, PaginationConfig={"PageSize": 1}, **request
        )
        return sorted(keys(pages, *members))

    left = sorted(names - {deleted})
    assert listed("list_objects", "Contents") == left
    assert listed("list_objects_v2", "Contents") == left
    assert listed("list_object_versions", "Versions") == sorted(names)
    assert listed("list_object_versions", "DeleteMarkers") == [deleted]
    for name in names:
        found = listed("list_object_versions", "Versions", Prefix=name)
        assert found == sorted(other for other in names if other.startswith(name))


@pytest.mark.parametrize("operation", ["list_objects", "list_objects_v2", "list_object_versions"])
def test_prefixes_and_delimiters(embedded_aws: EmbeddedAws, bucket: str, operation: str) -> None:
    s3 = embedded_aws.client("s3")
    s3.put_object(Bucket=bucket, Key=f"{ESCAPE}\x01rest")
    listed = getattr(s3, operation)(Bucket=bucket, Prefix=ESCAPE, Delimiter="\x01")
    assert listed["CommonPrefixes"] == [{"Prefix": f"{ESCAPE}\x01"}]
    assert listed["Delimiter"] == "\x01"
    # boto3 leaves this one of ListObjects as it came.
    prefix = listed["Prefix"]
    assert (unquote_plus(prefix) if operation == "list_objects" else prefix) == ESCAPE


def test_markers(embedded_aws: EmbeddedAws, bucket: str) -> None:
    s3 = embedded_aws.client("s3")
    for last in "12":
        s3.put_object(Bucket=bucket, Key=ESCAPE + last)
    first = s3.list_object_versions(Bucket=bucket, MaxKeys=1)
    assert first["NextKeyMarker"] == f"{ESCAPE}1"
    markers = {"KeyMarker": first["NextKeyMarker"], "VersionIdMarker": first["NextVersionIdMarker"]}
    second = s3.list_object_versions(Bucket=bucket, **markers)
    assert second["KeyMarker"] == f"{ESCAPE}1"
    assert [each["Key"] for each in second["Versions"]] == [f"{ESCAPE}2"]
    after = s3.list_objects_v2(Bucket=bucket, StartAfter=f"{ESCAPE}1")
    assert after["StartAfter"] == f"{ESCAPE}1"
    assert [each["Key"] for each in after["Contents"]] == [f"{ESCAPE}2"]


def test_who_asks_for_the_encoding_gets_it(embedded_aws: EmbeddedAws, bucket: str) -> None:
    """boto3 decodes what it asked for by itself, and leaves what its caller asked for."""
    s3 = embedded_aws.client("s3")
    s3.put_object(Bucket=bucket, Key="a b/ü")
    for operation, member in (
        ("list_objects_v2", "Contents"),
        ("list_object_versions", "Versions"),
    ):
        listed = getattr(s3, operation)(Bucket=bucket, EncodingType="url")
        assert listed["EncodingType"] == "url"
        assert listed[member][0]["Key"] == "a%20b/%C3%BC"


@pytest.mark.parametrize("operation", ["list_objects", "list_objects_v2", "list_object_versions"])
def test_a_bucket_that_is_not_there(embedded_aws: EmbeddedAws, operation: str) -> None:
    with pytest.raises(ClientError, match="NoSuchBucket"):
        getattr(embedded_aws.client("s3"), operation)(Bucket="not-there")


def test_uploads_under_way(embedded_aws: EmbeddedAws, bucket: str) -> None:
    s3 = embedded_aws.client("s3")
    s3.create_multipart_upload(Bucket=bucket, Key="a b/ü")
    (upload,) = s3.list_multipart_uploads(Bucket=bucket, EncodingType="url")["Uploads"]
    assert upload["Key"] == "a%20b/%C3%BC"
    (upload,) = s3.list_multipart_uploads(Bucket=bucket)["Uploads"]
    assert upload["Key"] == "a b/ü"


def test_tags_copies_and_reads_of_such_a_key(embedded_aws: EmbeddedAws, bucket: str) -> None:
    s3 = embedded_aws.client("s3")
    s3.put_object(Bucket=bucket, Key=ESCAPE, Body=b"1", Tagging="a=b")
    copy = {"Bucket": bucket, "Key": ESCAPE}
    s3.copy_object(Bucket=bucket, Key=f"{ESCAPE}2", CopySource=copy)
    assert s3.get_object(Bucket=bucket, Key=f"{ESCAPE}2")["Body"].read() == b"1"
    assert s3.get_object_tagging(Bucket=bucket, Key=ESCAPE)["TagSet"] == [
        {"Key": "a", "Value": "b"}
    ]


def test_a_delete_that_is_no_xml_is_refused_as_such(embedded_aws: EmbeddedAws, bucket: str) -> None:
    s3 = embedded_aws.client("s3")
    s3.put_object(Bucket=bucket, Key=ESCAPE)
    with pytest.raises(ClientError, match="MalformedXML") as raised:
        s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": ESCAPE}]})
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


@pytest.mark.parametrize("key", ["a\x1bb", "\x01", "x\ufffe", "raw_data/esc/evil\x00"])
def test_an_upload_in_parts_that_no_answer_can_name_is_refused_and_leaves_nothing(
    embedded_aws: EmbeddedAws, bucket: str, key: str
) -> None:
    s3 = embedded_aws.client("s3")
    with pytest.raises(ClientError, match="characters that XML has not") as error:
        s3.create_multipart_upload(Bucket=bucket, Key=key)
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)
    s3.create_multipart_upload(Bucket=bucket, Key="a b/ü\U0001fae8")
    assert len(s3.list_multipart_uploads(Bucket=bucket)["Uploads"]) == 1


def test_tags_that_no_xml_can_hold_are_refused(embedded_aws: EmbeddedAws, bucket: str) -> None:
    s3 = embedded_aws.client("s3")
    s3.put_object(Bucket=bucket, Key="x", Body=b"")
    tagging = {"TagSet": [{"Key": "k", "Value": "a\x1bb"}]}
    with pytest.raises(ClientError, match="MalformedXML"):
        s3.put_object_tagging(Bucket=bucket, Key="x", Tagging=tagging)
    with pytest.raises(ClientError, match="MalformedXML"):
        s3.put_bucket_tagging(Bucket=bucket, Tagging=tagging)
