"""A call of a role at the gateway's door."""

import json
from typing import Any

import pytest
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends
from werkzeug.test import EnvironBuilder

from local_aws.iam.role_calls import checked_call_of

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/caller"


@pytest.fixture(autouse=True)
def role() -> None:
    """A role that may list queues, and delete objects of a folder."""
    iam = iam_backends[ACCOUNT]["aws"]
    if "caller" not in {role.name for role in iam.get_roles()}:
        iam.create_role("caller", "{}", "/", None, "", [], "3600")
    statements = [
        {"Effect": "Allow", "Action": "sqs:ListQueues", "Resource": "*"},
        {"Effect": "Allow", "Action": "s3:DeleteObject", "Resource": "arn:aws:s3:::b/in/*"},
    ]
    document = {"Version": "2012-10-17", "Statement": statements}
    iam.put_role_policy("caller", "policy", json.dumps(document))


def assumed(seconds: int = 900) -> Any:
    return sts_backends[ACCOUNT]["aws"].assume_role("us-east-1", "me", ROLE, "", seconds, "")


def environ(key: str, service: str, token: str = "", **request: Any) -> Any:
    scope = f"Credential={key}/20260101/us-east-1/{service}/aws4_request"
    headers = {"Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0"}
    headers |= {"X-Amz-Security-Token": token} if token else {}
    headers |= request.pop("headers", {})
    return EnvironBuilder(method="POST", headers=headers, **request).get_environ()


def listing(key: str, token: str, **request: Any) -> Any:
    target = {"X-Amz-Target": "AmazonSQS.ListQueues", "Content-Type": "application/x-amz-json-1.0"}
    return environ(key, "sqs", token, headers=target, data="{}", **request)


def refusal(environment: Any) -> tuple[str, str] | None:
    """Return the status and the body of the refusal; None if the call may pass."""
    begun: list[str] = []
    call = checked_call_of(environment)
    assert call is not None
    start: Any = lambda status, _headers: begun.append(status)  # noqa: E731
    answer = call.refusal(environment, start, call.call.service)
    return None if answer is None else (begun[0], b"".join(answer).decode())


@pytest.mark.parametrize("key", ["test", "AKIAIOSFODNN7EXAMPLE", "ASIAUNKNOWNTOANYBODY"])
def test_keys_that_are_no_roles_are_the_administrators(key: str) -> None:
    assert checked_call_of(listing(key, "token")) is None


def test_a_request_is_as_it_was_after_it_was_read() -> None:
    given = assumed()
    environment = listing(given.access_key_id, given.session_token)

    assert refusal(environment) is None
    assert environment["wsgi.input"].read() == b"{}"


def test_expired_credentials_are_refused() -> None:
    given = assumed(seconds=-1)

    answer = refusal(listing(given.access_key_id, given.session_token))

    assert answer is not None
    assert answer[0] == "403 Forbidden"
    assert json.loads(answer[1])["__type"] == "ExpiredTokenException"


@pytest.mark.parametrize("token", ["", "another"])
def test_a_key_needs_its_own_token(token: str) -> None:
    answer = refusal(listing(assumed().access_key_id, token))

    assert answer is not None
    assert json.loads(answer[1])["__type"] == "UnrecognizedClientException"


def test_an_operation_that_no_model_has_is_not_let_through() -> None:
    given = assumed()
    headers = {"X-Amz-Target": "AmazonSQS.Nonsense", "Content-Type": "application/x-amz-json-1.0"}

    answer = refusal(environ(given.access_key_id, "sqs", given.session_token, headers=headers))

    assert answer is not None
    assert "sqs:Unknown" in answer[1]


@pytest.mark.parametrize(("keys", "passes"), [(["in/a", "in/b&c"], True), (["in/a", "out"], False)])
def test_every_key_of_a_delete_counts(keys: list[str], passes: bool) -> None:
    given = assumed()
    objects = "".join(f"<Object><Key>{key.replace('&', '&amp;')}</Key></Object>" for key in keys)
    environment = environ(
        given.access_key_id,
        "s3",
        given.session_token,
        path="/b",
        query_string="delete",
        data=f"<Delete>{objects}</Delete>",
    )

    assert (refusal(environment) is None) is passes
