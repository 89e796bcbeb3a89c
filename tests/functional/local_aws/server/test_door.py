"""Who gets into the embedded AWS: programs that have its key, and roles. Web pages do not."""

import json
import os
from collections.abc import Iterator
from http.client import HTTPConnection
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit
from uuid import uuid4

import boto3
import psutil
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from local_aws.client import Connection, EmbeddedAws
from tests.support.asking import ask, with_key
from tests.support.roles import acting_as, allow, grant, make_role

BUCKET = "behind-the-door"
EVIL = "http://evil.example:8901"
# What a page can make a browser say of a request that it sends or leads to.
OF_PAGES: dict[str, dict[str, str]] = {
    "fetch": {"Origin": EVIL, "Sec-Fetch-Site": "cross-site"},
    "fetch of an old browser": {"Origin": EVIL},
    "form": {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    "another port of this machine": {"Origin": "http://127.0.0.1:1", "Sec-Fetch-Site": "same-site"},
    "link or image": {"Sec-Fetch-Site": "cross-site"},
    "a sibling": {"Sec-Fetch-Site": "same-site"},
    "a name that resolves to loopback": {"Host": "evil.example"},
    "a name that begins like loopback": {"Host": "127.0.0.1.evil.example"},
    "a name that ends like loopback": {"Host": "localhost.evil.example"},
    "no name": {"Host": "["},
    "a WebSocket": {"Origin": EVIL, "Upgrade": "websocket", "Connection": "Upgrade"},
}
ROUTES = (
    "/",
    f"/{BUCKET}",
    f"/{BUCKET}/key",
    f"/{BUCKET}?delete",
    "/moto-api/",
    "/moto-api/reset",
    "/moto-api/data.json",
    "/moto-api/faults",
    "/moto-api/authorizations",
    "/moto-api/service-quotas",
    "/moto-api/events/fire-rule",
    "/moto-api/sagemaker/interrupt-training-job",
    "/moto-api/recorder/start-recording",
    "/moto-api/recorder/upload-recording",
    "/2015-03-31/functions/any/invocations",
)
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS")
FORMS = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "")


@pytest.fixture
def aws(embedded_aws: EmbeddedAws) -> Iterator[EmbeddedAws]:
    """The server with an object to lose; no test may change what it holds."""
    s3 = embedded_aws.client("s3")
    if BUCKET not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]:
        s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="key", Body=b"kept")
    yield embedded_aws
    listed = s3.list_object_versions(Bucket=BUCKET)
    assert [version["Key"] for version in listed["Versions"]] == ["key"]
    assert s3.get_object(Bucket=BUCKET, Key="key")["Body"].read() == b"kept"
    assert json.loads(ask(embedded_aws, "/moto-api/faults")) == []


def answer(
    aws: Connection, method: str, path: str, body: bytes = b"", **headers: str
) -> tuple[int, bytes, dict[str, str]]:
    """Send what no SDK would send; return status, body and headers of the answer."""
    connection = HTTPConnection("127.0.0.1", urlsplit(aws.endpoint).port)
    connection.request(method, path, body=body, headers=headers)
    found = connection.getresponse()
    told = {name.lower(): value for name, value in found.getheaders()}
    status, content = found.status, found.read()
    connection.close()
    return status, content, told


def signed(aws: Connection, method: str, path: str, service: str = "s3") -> dict[str, str]:
    """Return the headers of a request that is signed with the server's own key."""
    given = aws.environment()
    credentials = Credentials(given["AWS_ACCESS_KEY_ID"], given["AWS_SECRET_ACCESS_KEY"])
    request = AWSRequest(method, f"{aws.endpoint}{path}")
    SigV4Auth(credentials, service, aws.region).add_auth(request)
    return {name: str(value) for name, value in request.headers.items()}


@pytest.mark.parametrize("page", OF_PAGES)
def test_nothing_that_a_page_sends_gets_in_even_with_the_key(aws: EmbeddedAws, page: str) -> None:
    for method, path in product(METHODS, ROUTES):
        keys = with_key(aws) if path.startswith("/moto-api") else signed(aws, method, path)
        status, _, told = answer(aws, method, path, **{**keys, **OF_PAGES[page]})

        assert status == 403, f"{method} {path}"
        assert not [name for name in told if name.startswith("access-control-")]


@pytest.mark.parametrize("kind", FORMS)
def test_a_forms_encoding_lets_nobody_in(aws: EmbeddedAws, kind: str) -> None:
    typed = {"Content-Type": kind} if kind else {}
    for method, path in product(("POST", "PUT"), ROUTES):
        for page in ({}, OF_PAGES["form"]):
            body = b'[{"call": "s3/*", "kind": "error"}]'
            assert answer(aws, method, path, body, **typed, **page)[0] == 403, f"{method} {path}"


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize("method", METHODS)
def test_without_a_key_nothing_is_answered(aws: EmbeddedAws, method: str, path: str) -> None:
    for header in ("", "Basic", "Basic !", "Basic dGVzdDp0ZXN0", "Bearer x", "AWS test:x"):
        given = {"Authorization": header} if header else {}
        assert answer(aws, method, path, **given)[0] == 403, header


def test_a_form_of_s3_is_not_a_key(aws: EmbeddedAws) -> None:
    key = aws.environment()["AWS_ACCESS_KEY_ID"]
    scope = f"{key}/20260101/us-east-1/s3/aws4_request"
    for field in (("X-Amz-Credential", scope), ("AWSAccessKeyId", key)):
        body = urlencode([field, ("key", "key"), ("file", "lost")]).encode()
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        assert answer(aws, "POST", f"/{BUCKET}", body, **kind)[0] == 403


@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [
        ("s3", "list_buckets", "InvalidAccessKeyId"),
        ("iam", "list_roles", "InvalidClientTokenId"),
        ("sts", "get_caller_identity", "InvalidClientTokenId"),
        ("sagemaker", "list_training_jobs", "UnrecognizedClientException"),
        ("stepfunctions", "list_state_machines", "UnrecognizedClientException"),
        ("lambda", "list_functions", "UnrecognizedClientException"),
    ],
)
@pytest.mark.parametrize("key", ["test", "AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE", "%41SIA"])
def test_another_key_is_refused_as_aws_refuses_one(
    aws: EmbeddedAws, service: str, operation: str, code: str, key: str
) -> None:
    client: Any = boto3.client(  # type: ignore[call-overload]
        service,
        endpoint_url=aws.endpoint,
        region_name=aws.region,
        aws_access_key_id=key,
        aws_secret_access_key="x",
    )
    with pytest.raises(ClientError, match="retrain local env") as error:
        getattr(client, operation)()
    assert error.value.response["Error"]["Code"] == code
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_a_presigned_url_is_its_roles_however_its_key_is_written(aws: EmbeddedAws) -> None:
    role = make_role(aws, allow("s3:GetObject", "arn:aws:s3:::elsewhere/*"))
    url = acting_as(
        aws, role, "s3", config=Config(signature_version="s3v4")
    ).generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": "key"})
    path = url.removeprefix(aws.endpoint)
    key = path.partition("X-Amz-Credential=")[2][:20]
    for written in (key, f"%41{key[1:]}", "".join(f"%{ord(each):02X}" for each in key)):
        status, body, _ = answer(aws, "GET", path.replace(key, written))
        assert (status, b"kept" in body) == (403, False), written
    own = aws.environment()["AWS_ACCESS_KEY_ID"]
    scope = quote(f"X-Amz-Credential={own}/20260101/us-east-1/s3/aws4_request")
    assert answer(aws, "GET", f"{path}&prefix={scope}")[0] == 403


def test_a_presigned_url_of_the_owners_is_answered(aws: EmbeddedAws) -> None:
    for version in ("s3v4", "s3"):
        s3 = aws.client("s3", config=Config(signature_version=version))
        url = s3.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": "key"})
        assert answer(aws, "GET", url.removeprefix(aws.endpoint))[:2] == (200, b"kept")


@pytest.mark.parametrize("host", ["127.0.0.1:{}", "localhost:{}", "[::1]:{}"])
def test_loopback_is_answered_by_each_of_its_names(aws: EmbeddedAws, host: str) -> None:
    named = {"Host": host.format(urlsplit(aws.endpoint).port)}
    assert answer(aws, "GET", "/moto-api/faults", **{**with_key(aws), **named})[0] == 200


@pytest.mark.parametrize("site", ["none", "same-origin"])
def test_an_address_that_its_owner_typed_needs_the_key_alone(aws: EmbeddedAws, site: str) -> None:
    typed = {"Sec-Fetch-Site": site}
    assert answer(aws, "GET", "/moto-api/faults", **{**with_key(aws), **typed})[0] == 200
    assert answer(aws, "GET", "/moto-api/faults", **typed)[0] == 403


def test_a_refused_body_is_not_taken_for_the_next_request(aws: EmbeddedAws) -> None:
    connection = HTTPConnection("127.0.0.1", urlsplit(aws.endpoint).port)
    for _ in range(2):
        connection.request("PUT", f"/{BUCKET}/key", body=b"GET / HTTP/1.1\r\n\r\n" * 100)
        found = connection.getresponse()
        assert (found.status, b"AccessDenied" in found.read()) == (403, True)
    connection.close()


def test_each_folder_has_a_key_of_its_own_that_only_its_owner_reads(tmp_path: Path) -> None:
    keys = []
    for name in ("one", "two"):
        with EmbeddedAws(tmp_path / name) as aws:
            keys.append(aws.environment()["AWS_ACCESS_KEY_ID"])
        with EmbeddedAws(tmp_path / name) as again:
            assert again.environment()["AWS_ACCESS_KEY_ID"] == keys[-1]
            again.client("s3").list_buckets()
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o700
        for path in (tmp_path / name).iterdir():
            assert not path.stat().st_mode & 0o077 or path.is_symlink(), path
    assert len(set(keys)) == len(keys)


def test_the_key_is_in_no_log(tmp_path: Path) -> None:
    with EmbeddedAws(tmp_path, arguments=("--log-level", "DEBUG")) as aws:
        aws.client("s3").create_bucket(Bucket=f"logged-{uuid4().hex[:8]}")
        key = aws.environment()
    for path in tmp_path.glob("server.*"):
        text = path.read_text(errors="replace")
        assert key["AWS_ACCESS_KEY_ID"] not in text
        assert key["AWS_SECRET_ACCESS_KEY"] not in text


def test_the_shells_secrets_are_nowhere_in_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "PIP_INDEX_URL", "ANYTHING_ELSE"):
        monkeypatch.setenv(name, "a-real-secret")
    with EmbeddedAws(tmp_path) as aws:
        server = psutil.Process(aws.pid)
        assert "a-real-secret" not in server.environ().values()
        assert server.environ()["PATH"] == os.environ["PATH"]


def test_a_roles_key_stays_the_roles(aws: EmbeddedAws) -> None:
    role = make_role(aws, allow("s3:GetObject", f"arn:aws:s3:::{BUCKET}/*"))
    s3 = acting_as(aws, role, "s3")
    assert s3.get_object(Bucket=BUCKET, Key="key")["Body"].read() == b"kept"
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(Bucket=BUCKET, Key="key")
    grant(aws, role, allow("s3:List*"))
