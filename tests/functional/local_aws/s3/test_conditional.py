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
