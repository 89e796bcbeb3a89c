import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    FlexibleChecksumError,
    IncompleteReadError,
    ReadTimeoutError,
)
from botocore.retries import standard

from lambdas.boundary.transient import may_pass, naming_transient_errors
from lambdas.errors import AccessDeniedError, ThrottlingError
from tests.fakes.service import client_error


@naming_transient_errors
def raising(error: Exception) -> None:
    raise error


@pytest.mark.parametrize(
    "error",
    [
        client_error("ThrottlingException", "ListModelPackages", status=400),
        client_error("SlowDown", "GetObject", status=503),
        client_error("503", "HeadObject", status=503),
        client_error("InternalError", "PutObject", status=500),
        client_error("ConditionalRequestConflict", "PutObject", status=409),
        client_error("OperationAborted", "PutObject", status=409),
        client_error("429", "HeadObject", status=429),
        EndpointConnectionError(endpoint_url="http://127.0.0.1:1"),
        FlexibleChecksumError(error_msg="expected one, found another"),
        ReadTimeoutError(endpoint_url="http://127.0.0.1:1"),
    ],
    ids=str,
)
def test_what_may_pass_is_renamed(error):
    with pytest.raises(ThrottlingError) as caught:
        raising(error)
    assert str(caught.value) == str(error)
    assert caught.value.__cause__ is error


def test_an_answer_that_broke_off_is_said_to_be_s3s():
    with pytest.raises(ThrottlingError, match=r"^An answer of S3 broke off: 1 read, but .* is 2"):
        raising(IncompleteReadError(actual_bytes=1, expected_bytes=2))


def test_all_that_boto3_retries_may_pass():
    retried = {
        *standard.TransientRetryableChecker._TRANSIENT_ERROR_CODES,
        *standard.ThrottledRetryableChecker._THROTTLED_ERROR_CODES,
    }
    assert {code for code in retried if not may_pass(client_error(code, "GetObject"))} == set()
    assert may_pass(client_error("KMS.ThrottlingException", "CopyObject"))


@pytest.mark.parametrize(
    "code",
    ["AccessDenied", "AccessDeniedException", "AuthorizationError", "KMS.AccessDeniedException"],
)
def test_what_is_denied_may_only_not_be_known_yet(code):
    with pytest.raises(AccessDeniedError, match=code):
        raising(client_error(code, "GetObject", status=403))


@pytest.mark.parametrize("code", ["InvalidObjectState", "NoSuchKey", "ValidationException"])
def test_what_will_not_pass_is_raised_as_it_is(code):
    with pytest.raises(ClientError, match=code):
        raising(client_error(code, "GetObject"))


def test_other_errors_are_raised_as_they_are():
    with pytest.raises(KeyError):
        raising(KeyError("x"))
