"""Conditional writes: of many that want to create a key, one does."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local_aws.client import EmbeddedAws

WRITERS = 20


@pytest.fixture
def s3(embedded_aws: EmbeddedAws) -> Any:
    config = Config(max_pool_connections=WRITERS, retries={"max_attempts": 0})
    return embedded_aws.client("s3", config=config)


@pytest.fixture(params=[False, True], ids=["unversioned", "versioned"])
def bucket(s3: Any, request: pytest.FixtureRequest) -> str:
    name = f"bucket-{uuid4().hex[:8]}"
    s3.create_bucket(Bucket=name)
    if request.param:
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


def create(s3: Any, bucket: str, key: str, body: bytes = b"") -> str:
    """Create the key if it does not exist; return the answer's code."""
    try:
        s3.put_object(Bucket=bucket, Key=key, Body=body, IfNoneMatch="*")
    except ClientError as error:
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 412
        return str(error.response["Error"]["Code"])
    return "created"


def complete(s3: Any, where: dict[str, str], upload: str) -> str:
    """Complete an upload of one part if the key does not exist; return the answer's code."""
    part = s3.upload_part(**where, UploadId=upload, PartNumber=1, Body=upload.encode())
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    try:
        s3.complete_multipart_upload(
            **where, UploadId=upload, MultipartUpload=parts, IfNoneMatch="*"
        )
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "created"


def test_a_key_is_created_once(s3: Any, bucket: str) -> None:
    assert create(s3, bucket, "k", b"first") == "created"
    assert create(s3, bucket, "k", b"second") == "PreconditionFailed"
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"first"


def test_a_deleted_key_may_be_created_again(s3: Any, bucket: str) -> None:
    assert create(s3, bucket, "k") == "created"
    s3.delete_object(Bucket=bucket, Key="k")
    assert create(s3, bucket, "k") == "created"


def test_one_of_many_writers_at_once_wins(s3: Any, bucket: str) -> None:
    bodies = [b"%d" % number for number in range(WRITERS)]
    for key in ("a", "b", "c", "d", "e"):
        with ThreadPoolExecutor(WRITERS) as pool:
            answers = list(pool.map(partial(create, s3, bucket, key), bodies))

        assert answers.count("created") == 1
        assert answers.count("PreconditionFailed") == WRITERS - 1
        written = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        assert written == bodies[answers.index("created")]


def test_one_of_many_multipart_uploads_wins(s3: Any, bucket: str) -> None:
    where = {"Bucket": bucket, "Key": "parts"}
    uploads = [s3.create_multipart_upload(**where)["UploadId"] for _ in range(8)]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda upload: complete(s3, where, upload), uploads))

    assert sorted(answers) == ["PreconditionFailed"] * 7 + ["created"]


def refused(call: Any, **asked: Any) -> tuple[int, str]:
    with pytest.raises(ClientError) as raised:
        call(**asked)
    answer = raised.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]


def test_none_but_any_is_not_implemented(s3: Any, bucket: str) -> None:
    asked = {"Bucket": bucket, "Key": "k", "IfNoneMatch": '"etag"'}
    assert refused(s3.put_object, **asked) == (501, "NotImplemented")
    assert refused(s3.head_object, Bucket=bucket, Key="k")[0] == 404


def test_a_copy_looks_at_its_target(s3: Any, bucket: str) -> None:
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["ETag"]
    asked = {"Bucket": bucket, "Key": "k", "CopySource": {"Bucket": bucket, "Key": "k"}}
    asked["MetadataDirective"] = "REPLACE"
    assert refused(s3.copy_object, **asked, IfNoneMatch="*") == (412, "PreconditionFailed")
    assert refused(s3.copy_object, **asked, IfMatch='"other"') == (412, "PreconditionFailed")
    s3.copy_object(**asked, IfMatch=etag)
    s3.copy_object(**{**asked, "Key": "new"}, IfNoneMatch="*")


def test_a_deletion_during_an_upload_conflicts(s3: Any, bucket: str) -> None:
    where = {"Bucket": bucket, "Key": "k"}
    s3.put_object(**where)
    uploads = [s3.create_multipart_upload(**where)["UploadId"]]
    s3.delete_object(**where)
    uploads.append(s3.create_multipart_upload(**where)["UploadId"])

    found = [complete(s3, where, upload) for upload in uploads]

    assert found == ["ConditionalRequestConflict", "created"]
