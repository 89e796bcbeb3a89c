"""What answers tell of an object's encryption and checksum."""

from typing import Any
from uuid import uuid4

from local_aws.client import EmbeddedAws


def test_every_answer_tells_of_the_key_and_the_kind_of_checksum(
    embedded_aws: EmbeddedAws,
) -> None:
    s3, bucket = embedded_aws.client("s3"), f"encrypted-{uuid4().hex[:8]}"
    s3.create_bucket(Bucket=bucket)
    where: Any = {"Bucket": bucket, "Key": "key"}
    put = s3.put_object(**where, Body=b"1", ChecksumAlgorithm="SHA256")
    got = s3.get_object(**where, ChecksumMode="ENABLED")
    head = s3.head_object(**where, ChecksumMode="ENABLED")
    copied = s3.copy_object(Bucket=bucket, Key="copy", CopySource=where)
    begun = s3.create_multipart_upload(**where)
    upload = {**where, "UploadId": begun["UploadId"]}
    part = s3.upload_part(**upload, PartNumber=1, Body=b"1")
    parts: Any = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    completed = s3.complete_multipart_upload(**upload, MultipartUpload=parts)

    answers: Any = (put, got, head, copied, begun, part, completed)
    assert [answer.get("ServerSideEncryption") for answer in answers] == ["AES256"] * 7
    assert [answer.get("ChecksumType") for answer in (put, got, head)] == ["FULL_OBJECT"] * 3
    assert len({answer["ChecksumSHA256"] for answer in (put, got, head)}) == 1
