import json

import pytest
from botocore.exceptions import ClientError

from lambdas.runs.champion import in_state, newest_approved, place_champion

BUCKET = "retrain-dev-123456789012-us-east-1"
FOLDER = "runs/run-1/champion"
MODEL = f"s3://{BUCKET}/runs/run-0/training/job/output/model.tar.gz"


@pytest.fixture
def place(s3, sagemaker):
    """Return a function that places the champion, checking that champion.json says the same."""

    def place_it(group="fashion-mnist"):
        answer = place_champion(s3, sagemaker, group, f"s3://{BUCKET}/{FOLDER}")
        assert json.loads(s3.content(BUCKET, f"{FOLDER}/champion.json")) == answer
        return answer

    return place_it


def test_no_group_and_no_approved_package_are_normal(place, sagemaker):
    sagemaker.register("fashion-mnist", MODEL, "PendingManualApproval")
    sagemaker.register("fashion-mnist", MODEL, "Rejected")
    assert place() == {"model_package_arn": None}
    assert place("no-such-group") == {"model_package_arn": None}


def test_the_newest_approved_package_is_the_champion(sagemaker):
    arns = [sagemaker.register("fashion-mnist", MODEL) for _ in range(5)]
    sagemaker.register("fashion-mnist", MODEL, "PendingManualApproval")
    assert newest_approved(sagemaker, "fashion-mnist")["ModelPackageArn"] == arns[-1]


def test_its_model_is_copied(place, s3, sagemaker):
    arn = sagemaker.register("fashion-mnist", MODEL)
    s3.upload(BUCKET, MODEL.removeprefix(f"s3://{BUCKET}/"), b"the model")
    assert place() == {
        "model_package_arn": arn,
        "model_package_version": 1,
        "model_data_url": MODEL,
        "customer_metadata": {"run_id": "run-1"},
    }
    assert s3.content(BUCKET, f"{FOLDER}/model.tar.gz") == b"the model"


@pytest.mark.parametrize(
    ("metadata", "digest"),
    [
        ({"model_sha256": "0" * 64}, "0" * 64),
        ({"model_sha256": "0" * 63}, "none"),
        ({"model_sha256": "0" * 64 + "\n"}, "none"),
        ({}, "none"),
    ],
)
def test_the_state_has_the_digest_that_the_registry_has(metadata, digest):
    placed = {"model_package_arn": "arn", "customer_metadata": metadata}
    assert in_state(placed) == {"model_package_arn": "arn", "model_sha256": digest}


def test_a_champion_whose_model_is_gone_has_no_digest():
    state = in_state({"model_package_arn": "arn", "error": "404"})
    assert state == {"model_package_arn": "arn", "model_sha256": "none"}


@pytest.mark.parametrize(
    ("url", "error"),
    [
        (MODEL, "404"),
        ("s3://deleted-bucket/model.tar.gz", "NoSuchBucket"),
        ("s3://no bucket!/model.tar.gz", "Invalid bucket name"),
        ("https://example.com/model.tar.gz", "expected s3://<bucket>/<key>"),
        (None, "names no ModelDataUrl"),
    ],
)
def test_a_model_that_is_gone_is_recorded(place, sagemaker, url, error):
    arn = sagemaker.register("fashion-mnist", url)
    answer = place()
    assert answer["model_package_arn"] == arn
    assert error in answer["error"]


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("301", 301),
        ("PermanentRedirect", 301),
        ("400", 400),
        ("InvalidRequest", 400),
        ("KMS.DisabledException", 400),
        ("KMS.NotFoundException", 400),
        ("KMS.KMSInvalidStateException", 400),
        ("AccessDenied", 403),
        ("AllAccessDisabled", 403),
        ("InvalidObjectState", 403),
        ("ObjectNotInActiveTierError", 403),
        ("NoSuchKey", 404),
        ("MethodNotAllowed", 405),
        ("SomethingNew", 409),
    ],
)
def test_whatever_s3_refuses_of_a_model_for_good_is_recorded(place, s3, sagemaker, code, status):
    arn = sagemaker.register("fashion-mnist", MODEL)
    s3.upload(BUCKET, MODEL.removeprefix(f"s3://{BUCKET}/"))
    for call in ("CopyObject", "HeadObject"):
        s3.refuse(call, code, status)
        answer = place()
        assert answer["model_package_arn"] == arn
        assert code in answer["error"]
        assert call in answer["error"]


@pytest.mark.parametrize(
    "code", ["ThrottlingException", "KMS.ThrottlingException", "RequestTimeout"]
)
def test_what_passes_is_raised_whatever_its_status(place, s3, sagemaker, code):
    sagemaker.register("fashion-mnist", MODEL)
    s3.upload(BUCKET, MODEL.removeprefix(f"s3://{BUCKET}/"))
    s3.refuse("CopyObject", code, 400)
    with pytest.raises(ClientError, match=code):
        place()


def test_the_tags_of_a_model_stay_behind(place, s3, sagemaker):
    sagemaker.register("fashion-mnist", MODEL)
    s3.upload(BUCKET, MODEL.removeprefix(f"s3://{BUCKET}/"))
    place()
    assert [copy["TaggingDirective"] for copy in s3.called("CopyObject")] == ["REPLACE"]


def test_a_model_that_may_not_be_read_is_recorded(place, s3, sagemaker):
    sagemaker.register("fashion-mnist", MODEL)
    s3.refuse("HeadObject", "403", 403)
    assert "403" in place()["error"]


@pytest.mark.parametrize("code", ["500", "503", "SlowDown", "InternalError", "429"])
@pytest.mark.parametrize("call", ["HeadObject", "CopyObject"])
def test_throttling_and_service_errors_are_raised(place, s3, sagemaker, call, code):
    sagemaker.register("fashion-mnist", MODEL)
    s3.upload(BUCKET, MODEL.removeprefix(f"s3://{BUCKET}/"))
    s3.refuse(call, code, 503)
    with pytest.raises(ClientError, match=code):
        place()
    assert not s3.called("PutObject")


@pytest.mark.parametrize("call", ["ListModelPackages", "DescribeModelPackage"])
@pytest.mark.parametrize("code", ["ThrottlingException", "ValidationException"])
def test_errors_of_the_registry_are_raised(place, sagemaker, call, code):
    sagemaker.register("fashion-mnist", MODEL)
    sagemaker.refuse(call, code, 400)
    with pytest.raises(ClientError, match=code):
        place()
