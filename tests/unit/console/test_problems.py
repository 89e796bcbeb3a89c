"""What a page says of what went wrong."""

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, UnauthorizedSSOTokenError

from console.account import READ_ONLY, ReadOnlyError
from console.problems import in_words
from operations.errors import RetrainError

REFUSED = {"Error": {"Code": "AccessDenied", "Message": "not yours"}}


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (RetrainError("no version 9"), "no version 9"),
        (RetrainError("no stage", "run `retrain deploy`"), "no stage. Next: run `retrain deploy`"),
        (ReadOnlyError(READ_ONLY), READ_ONLY),
        (
            EndpointConnectionError(endpoint_url="http://here"),
            'AWS cannot be asked: Could not connect to the endpoint URL: "http://here". Next: '
            "check AWS_ENDPOINT_URL; `retrain local run` starts an AWS on this machine",
        ),
        (
            UnauthorizedSSOTokenError(),
            "AWS cannot be asked: The SSO session associated with this profile has expired or is "
            "otherwise invalid. To refresh this SSO session run aws sso login with the "
            "corresponding profile. Next: run `aws sso login`, with --profile if AWS_PROFILE names "
            "one",
        ),
        (
            ClientError(REFUSED, "StopExecution"),
            "AWS answers: An error occurred (AccessDenied) when calling the StopExecution "
            "operation: not yours",
        ),
    ],
)
def test_a_refusal_is_told_from_silence(problem: Exception, said: str) -> None:
    assert in_words(problem) == said
