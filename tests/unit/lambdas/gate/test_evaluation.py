import pytest
from botocore.exceptions import ClientError

from lambdas.errors import InvalidEvaluationError
from lambdas.gate.evaluation import LARGEST, read_evaluation

BUCKET = "retrain-dev-123456789012-us-east-1"
KEY = "runs/run-1/evaluation/evaluation.json"


def read(s3):
    return read_evaluation(s3, f"s3://{BUCKET}/{KEY}")


def test_reads_strict_json(s3):
    s3.upload(BUCKET, KEY, '{"name": "thé", "value": 0.91}'.encode())
    assert read(s3) == {"name": "thé", "value": 0.91}


def test_a_missing_object_is_invalid(s3):
    with pytest.raises(InvalidEvaluationError, match=r"evaluation.json is missing"):
        read(s3)


@pytest.mark.parametrize("code", ["AccessDenied", "SlowDown", "InternalError", "NoSuchBucket"])
def test_other_errors_are_raised(s3, code):
    s3.refuse("GetObject", code, 503)
    with pytest.raises(ClientError, match=code):
        read(s3)


def test_the_size_is_capped(s3):
    s3.upload(BUCKET, KEY, b" " * (LARGEST - 2) + b"{}")
    assert read(s3) == {}
    s3.upload(BUCKET, KEY, b" " * (LARGEST - 1) + b"{}")
    with pytest.raises(InvalidEvaluationError, match="larger than 5242880 bytes"):
        read(s3)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b'{"a": NaN}', b"[" * 100_000])
def test_what_is_not_strict_json_is_invalid(s3, content):
    s3.upload(BUCKET, KEY, content)
    with pytest.raises(InvalidEvaluationError, match=r"evaluation.json is malformed: "):
        read(s3)
