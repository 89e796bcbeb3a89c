import pytest
from botocore.exceptions import ClientError

from lambdas.errors import InvalidEvaluationError
from lambdas.evaluation import LARGEST, parse_strictly, read_evaluation

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


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "malformed"),
        (b"{", "malformed"),
        (b'{"a": 1} {"a": 2}', "Extra data"),
        (b'{"a": NaN}', "NaN is not JSON"),
        (b'{"a": Infinity}', "Infinity is not JSON"),
        (b'{"a": -Infinity}', "-Infinity is not JSON"),
        (b'{"a": {"b": 1, "b": 2}}', "the key 'b' stands twice"),
        ('{"a": "é"}'.encode("latin-1"), "utf-8"),
        ('{"a": 1}'.encode("utf-16"), "utf-8"),
        (b"\xef\xbb\xbf{}", "BOM"),
        (b'{"a": ' + b"9" * 5000 + b"}", "digits"),
        (b"[" * 100_000, "recursion"),
    ],
    ids=lambda _: "case",
)
def test_what_is_not_strict_is_invalid(content, message):
    with pytest.raises(InvalidEvaluationError, match=r"evaluation.json is malformed") as caught:
        parse_strictly(content)
    assert message in str(caught.value)
