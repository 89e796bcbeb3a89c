"""Copies within S3: whole, in parts, and under conditions."""

from datetime import UTC, datetime
from itertools import chain, repeat
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from lambdas.data_sets.copies import LAST_SECONDS, Copier
from lambdas.data_sets.data_sets import ObjectVersion
from lambdas.errors import UnfinishedCopyError
from local_aws.client import EmbeddedAws

LONG_AGO, LONG_HENCE = (datetime(year, 1, 1, tzinfo=UTC) for year in (2000, 2100))
PART = 5 * 1024**2  # the smallest that S3 takes
FOLDER = "runs/run-1/source_data/"
BODY = bytes(range(256)) * (2 * PART // 256) + b"the end"


@pytest.fixture
def bucket(embedded_aws: EmbeddedAws) -> str:
    s3, name = embedded_aws.client("s3"), f"copies-{uuid4().hex[:8]}"
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


@pytest.fixture
def s3(embedded_aws: EmbeddedAws) -> Any:
    return embedded_aws.client("s3")


def upload(s3: Any, bucket: str, body: bytes) -> ObjectVersion:
    put = s3.put_object(Bucket=bucket, Key="raw + data/ä", Body=body)
    return ObjectVersion("raw + data/ä", put["VersionId"], put["ETag"].strip('"'), len(body))


def test_a_copy_in_parts_that_broke_off_goes_on_with_the_parts_that_are_there(
    s3: Any, bucket: str
) -> None:
    version = upload(s3, bucket, BODY)
    s3.put_object(Bucket=bucket, Key=version.key, Body=b"newer")
    uri = f"s3://{bucket}/{FOLDER}"
    time = chain([900.0, 900.0], repeat(0.0))  # for the upload and one part
    with pytest.raises(UnfinishedCopyError):
        Copier(s3, lambda: next(time), part_bytes=PART).copy(bucket, {"file": version}, uri)
    (under_way,) = s3.list_multipart_uploads(Bucket=bucket)["Uploads"]
    asked = {"Bucket": bucket, "Key": under_way["Key"], "UploadId": under_way["UploadId"]}
    assert len(s3.list_parts(**asked)["Parts"]) == 1

    Copier(s3, lambda: LAST_SECONDS, part_bytes=PART).copy(bucket, {"file": version}, uri)

    found = s3.get_object(Bucket=bucket, Key=f"{FOLDER}file")
    assert found["Body"].read() == BODY
    assert not s3.list_multipart_uploads(Bucket=bucket).get("Uploads")
    versions = s3.list_object_versions(Bucket=bucket, Prefix=FOLDER)["Versions"]
    assert len(versions) == 1


@pytest.mark.parametrize("call", ["copy_object", "upload_part_copy"])
@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"CopySourceIfMatch": '"another"'}, "PreconditionFailed"),
        ({"VersionId": "no-such-version"}, "NoSuchVersion"),
        ({"Key": "no such key", "VersionId": None}, "NoSuchKey"),
    ],
)
def test_a_source_that_is_not_there_or_another_one_is_refused(
    s3: Any, bucket: str, call: str, changed: dict[str, Any], code: str
) -> None:
    version = upload(s3, bucket, b"content")
    source = {"Bucket": bucket, "Key": version.key, "VersionId": version.version_id, **changed}
    condition = source.pop("CopySourceIfMatch", f'"{version.etag}"')
    asked = {
        "Bucket": bucket,
        "Key": "copy",
        "CopySource": {name: text for name, text in source.items() if text},
        "CopySourceIfMatch": condition,
    }
    if call == "upload_part_copy":
        upload_id = s3.create_multipart_upload(Bucket=bucket, Key="copy")["UploadId"]
        asked |= {"UploadId": upload_id, "PartNumber": 1}
    with pytest.raises(ClientError) as caught:
        getattr(s3, call)(**asked)
    assert caught.value.response["Error"]["Code"] == code


@pytest.mark.parametrize("call", ["copy_object", "upload_part_copy"])
def test_the_other_conditions_on_a_source(s3: Any, bucket: str, call: str) -> None:
    version = upload(s3, bucket, b"content")
    asked = {"Bucket": bucket, "Key": "copy", "CopySource": {"Bucket": bucket, "Key": version.key}}
    if call == "upload_part_copy":
        upload_id = s3.create_multipart_upload(Bucket=bucket, Key="copy")["UploadId"]
        asked |= {"UploadId": upload_id, "PartNumber": 1}
    for failing in (
        {"CopySourceIfNoneMatch": version.etag},
        {"CopySourceIfModifiedSince": LONG_HENCE},
        {"CopySourceIfUnmodifiedSince": LONG_AGO},
    ):
        with pytest.raises(ClientError, match="PreconditionFailed"):
            getattr(s3, call)(**asked, **failing)
    holding = {"CopySourceIfMatch": version.etag, "CopySourceIfUnmodifiedSince": LONG_AGO}
    getattr(s3, call)(**asked, **holding)


def test_an_upload_that_has_ended_is_no_upload(s3: Any, bucket: str) -> None:
    version = upload(s3, bucket, b"content")
    asked = {"Bucket": bucket, "Key": "copy", "UploadId": "gone"}
    source = {"Bucket": bucket, "Key": version.key}
    parts = {"Parts": [{"PartNumber": 1, "ETag": version.etag}]}
    for call in (
        lambda: s3.upload_part_copy(**asked, PartNumber=1, CopySource=source),
        lambda: s3.upload_part(**asked, PartNumber=1, Body=b"part"),
        lambda: s3.complete_multipart_upload(**asked, MultipartUpload=parts),
    ):
        with pytest.raises(ClientError) as caught:
            call()
        assert caught.value.response["Error"]["Code"] == "NoSuchUpload"


def test_parts_with_gaps_are_listed_page_by_page(s3: Any, bucket: str) -> None:
    asked = {"Bucket": bucket, "Key": "parts"}
    asked["UploadId"] = s3.create_multipart_upload(**asked)["UploadId"]
    for number in (2, 3, 5, 9):
        s3.upload_part(**asked, PartNumber=number, Body=b"part")
    pages = s3.get_paginator("list_parts").paginate(**asked, PaginationConfig={"PageSize": 2})
    assert [part["PartNumber"] for page in pages for part in page["Parts"]] == [2, 3, 5, 9]
