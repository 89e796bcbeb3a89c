"""Which call a request makes, by the names of boto3's clients."""

import io
import json

import pytest

from local_aws.requests.calls import Call, call_of


def request(signed_as: str, target: str) -> dict[str, object]:
    """A signed request as a JSON service gets it."""
    body = json.dumps({}).encode()
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/",
        "HTTP_HOST": "127.0.0.1:5000",
        "HTTP_AUTHORIZATION": "AWS4-HMAC-SHA256 "
        f"Credential=test/20260101/us-east-1/{signed_as}/aws4_request, "
        "SignedHeaders=host, Signature=0",
        "HTTP_X_AMZ_TARGET": target,
        "CONTENT_TYPE": "application/x-amz-json-1.1",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        "wsgi.url_scheme": "http",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "5000",
    }


@pytest.mark.parametrize(
    ("signed_as", "target", "call"),
    [
        (
            "states",
            "AWSStepFunctions.ListExecutions",
            Call("stepfunctions", "ListExecutions", "us-east-1", "test"),
        ),
        (
            "servicequotas",
            "ServiceQuotasV20190624.GetServiceQuota",
            Call("service-quotas", "GetServiceQuota", "us-east-1", "test"),
        ),
        # No client of boto3's has this name: nothing is known of the call, and nothing fails.
        ("execute-api", "", Call("execute-api", "", "us-east-1", "test")),
    ],
)
def test_a_call_is_named_as_boto3_names_it(signed_as: str, target: str, call: Call) -> None:
    assert call_of(request(signed_as, target)) == call
