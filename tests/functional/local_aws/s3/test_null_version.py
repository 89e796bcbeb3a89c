"""Buckets whose versioning is suspended: what was kept before stays."""

from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from local_aws.client import EmbeddedAws


class Bucket(NamedTuple):
    s3: Any
    name: str

    def version(self, status: str) -> None:
        self.s3.put_bucket_versioning(Bucket=self.name, VersioningConfiguration={"Status": status})

    def put(self, body: str) -> str:
        return str(self.s3.put_object(Bucket=self.name, Key="key", Body=body)["VersionId"])

    def get(self, **version: str) -> str:
        answer = self.s3.get_object(Bucket=self.name, Key="key", **version)
        return str(answer["Body"].read().decode())

    def listed(self) -> list[str]:
        """Return the ids of the versions, then those of the delete markers."""
        found = self.s3.list_object_versions(Bucket=self.name)
        rows = [*found.get("Versions", ()), *found.get("DeleteMarkers", ())]
        return [row["VersionId"] for row in rows]


@pytest.fixture
def bucket(embedded_aws: EmbeddedAws) -> Bucket:
    made = Bucket(embedded_aws.client("s3"), f"suspended-{uuid4().hex[:8]}")
    made.s3.create_bucket(Bucket=made.name)
    made.version("Enabled")
    return made


def test_writing_replaces_the_null_version_alone(bucket: Bucket) -> None:
    kept = [bucket.put("1"), bucket.put("2")]
    bucket.version("Suspended")

    assert [bucket.put("3"), bucket.put("4")] == ["null", "null"]

    assert bucket.listed() == ["null", *kept[::-1]]
    assert bucket.get() == "4"
    assert [bucket.get(VersionId=version) for version in (*kept, "null")] == ["1", "2", "4"]
    head = bucket.s3.head_object(Bucket=bucket.name, Key="key", VersionId=kept[0])
    assert head["VersionId"] == kept[0]

    bucket.version("Enabled")
    newest = bucket.put("5")
    assert bucket.listed() == [newest, "null", *kept[::-1]]


def test_a_copy_replaces_the_null_version_alone(bucket: Bucket) -> None:
    kept = bucket.put("1")
    bucket.version("Suspended")
    source = {"Bucket": bucket.name, "Key": "key", "VersionId": kept}

    for _ in range(2):
        bucket.s3.copy_object(Bucket=bucket.name, Key="key", CopySource=source)

    assert bucket.listed() == ["null", kept]


def test_deleting_replaces_the_null_version_by_a_marker(bucket: Bucket) -> None:
    kept = bucket.put("1")
    bucket.version("Suspended")
    bucket.put("2")

    answers = [bucket.s3.delete_object(Bucket=bucket.name, Key="key") for _ in range(2)]

    assert [(one["DeleteMarker"], one["VersionId"]) for one in answers] == [(True, "null")] * 2
    assert bucket.listed() == [kept, "null"]
    with pytest.raises(ClientError, match="NoSuchKey"):
        bucket.get()
    assert bucket.get(VersionId=kept) == "1"


def test_deleting_a_version_leaves_the_others(bucket: Bucket) -> None:
    kept = [bucket.put("1"), bucket.put("2")]
    bucket.version("Suspended")
    bucket.put("3")

    for gone in ("null", kept[0]):
        bucket.s3.delete_object(Bucket=bucket.name, Key="key", VersionId=gone)

    assert bucket.listed() == [kept[1]]
    assert bucket.get() == "2"


def test_deleting_what_is_not_there_puts_a_marker(bucket: Bucket) -> None:
    answer = bucket.s3.delete_object(Bucket=bucket.name, Key="key")

    assert answer["DeleteMarker"]
    assert bucket.listed() == [answer["VersionId"]]
