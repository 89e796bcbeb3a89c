"""A role's requests that moto could read in another way than the check of the role's rights.

`sts:GetCallerIdentity` needs no right, so a role without any may send a request that says so, and
try to have another call in it.
"""

import json
from http.client import HTTPConnection
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from local_aws.client import EmbeddedAws
from tests.support.roles import allow, grant, make_role

FREE = "Action=GetCallerIdentity&Version=2011-06-15"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Caller:
    """Sends what no SDK would, with a role's credentials."""

    def __init__(self, aws: EmbeddedAws, role: str) -> None:
        sts = aws.client("sts")
        given = sts.assume_role(RoleArn=role, RoleSessionName="me")["Credentials"]
        self.key, self.token = given["AccessKeyId"], given["SessionToken"]
        self._netloc = urlsplit(aws.endpoint).netloc

    def scope(self, service: str) -> str:
        return f"Credential={self.key}/20260101/us-east-1/{service}/aws4_request"

    def signed(self, service: str, before: str = "") -> dict[str, str]:
        """The headers of a request for the service; nobody looks at the signature."""
        rest = f"{self.scope(service)}, SignedHeaders=host, Signature=0"
        return {
            "Authorization": f"AWS4-HMAC-SHA256 {before}{rest}",
            "X-Amz-Security-Token": self.token,
        }

    def send(
        self, method: str, path: str, headers: dict[str, str], body: str = ""
    ) -> tuple[int, str]:
        connection = HTTPConnection(self._netloc, timeout=60)
        connection.request(method, path, body.encode(), headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


@pytest.fixture
def role(embedded_aws: EmbeddedAws) -> str:
    """A role that may do nothing."""
    return make_role(embedded_aws)


@pytest.fixture
def caller(embedded_aws: EmbeddedAws, role: str) -> Caller:
    return Caller(embedded_aws, role)


@pytest.fixture
def bucket(embedded_aws: EmbeddedAws) -> str:
    name = f"precious-{uuid4().hex[:12]}"
    s3 = embedded_aws.client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="secret", Body=b"the secret")
    return name


def test_what_needs_no_right_is_answered(caller: Caller) -> None:
    assert caller.send("POST", "/", {**caller.signed("sts"), **FORM}, FREE)[0] == 200
    assert caller.send("POST", f"/?{FREE}", caller.signed("sts"))[0] == 200


@pytest.mark.parametrize("route", ["reset", "faults", "authorizations", "data.json", "seed?a=1"])
@pytest.mark.parametrize("service", ["sts", "s3", "sagemaker"])
def test_no_role_gets_to_a_route_that_no_aws_has(
    embedded_aws: EmbeddedAws, caller: Caller, bucket: str, route: str, service: str
) -> None:
    path = f"/moto-api/{route}{'&' if '?' in route else '?'}{FREE}"
    presigned = f"{path}&X-Amz-{caller.scope(service)}&X-Amz-Security-Token={caller.token}"
    for method in ("GET", "POST", "PUT", "DELETE"):
        assert caller.send(method, path, caller.signed(service))[0] == 403
        assert caller.send(method, presigned, {})[0] == 403
    assert embedded_aws.client("s3").head_bucket(Bucket=bucket)


@pytest.mark.parametrize(
    "ways",
    [
        pytest.param((f"?{FREE}", "{}"), id="query and body"),
        pytest.param(("?{}", FREE), id="body and query"),
        pytest.param(("", f"{FREE}&{{}}"), id="twice in the body"),
        pytest.param(("", f"{{}}&{FREE}"), id="twice, the free one last"),
        pytest.param((f"?{FREE}&{{}}", ""), id="twice in the query"),
    ],
)
@pytest.mark.parametrize("form", [FORM, {"Content-Type": "text/plain"}, {}])
def test_no_role_becomes_another_by_an_action_in_two_places(
    caller: Caller, role: str, ways: tuple[str, str], form: dict[str, str]
) -> None:
    other = f"Action=AssumeRole&Version=2011-06-15&RoleSessionName=up&RoleArn={role}"
    query, body = (way.format(other) for way in ways)
    _, told = caller.send("POST", f"/{query}", {**caller.signed("sts"), **form}, body)
    assert "SecretAccessKey" not in told


@pytest.mark.parametrize("headers", [{"Action": "AssumeRole"}, {"X-Amz-Target": "x.AssumeRole"}])
def test_no_header_names_another_action(caller: Caller, role: str, headers: dict[str, str]) -> None:
    asked = f"RoleSessionName=up&RoleArn={role}&Version=2011-06-15"
    for path, body in ((f"/?{FREE}", asked), (f"/?{asked}", FREE), ("/", f"{FREE}&{asked}")):
        _, told = caller.send("POST", path, {**caller.signed("sts"), **FORM, **headers}, body)
        assert "SecretAccessKey" not in told


@pytest.mark.parametrize("before", ["a/b/us-east-1/s3/x ", "Credential=a/b/us-east-1/s3/x,"])
def test_no_header_is_signed_for_two_services(caller: Caller, bucket: str, before: str) -> None:
    headers = caller.signed("sts", before)
    status, told = caller.send("GET", f"/{bucket}/secret?{FREE}", headers)
    assert (status, "the secret" in told) == (403, False)


def test_a_signature_of_version_2_names_no_service(caller: Caller) -> None:
    old = f"AWS {caller.key}:a/b/useast1/sts/xxxxxxxxxxxx"
    headers = {"Authorization": old, "X-Amz-Security-Token": caller.token, **FORM}
    asked = "Action=GetSessionToken&Version=2011-06-15"
    assert caller.send("POST", "/", headers, asked)[0] == 403


def test_a_target_is_not_overruled_by_a_query(
    embedded_aws: EmbeddedAws, caller: Caller, role: str
) -> None:
    grant(embedded_aws, role, allow("sagemaker:ListModels"))
    name = f"group-{uuid4().hex[:8]}"
    headers = {
        **caller.signed("sagemaker"),
        "X-Amz-Target": "SageMaker.ListModels",
        "Content-Type": "application/x-amz-json-1.1",
    }
    assert caller.send("POST", "/", headers, "{}")[0] == 200
    body = json.dumps({"ModelPackageGroupName": name})
    caller.send("POST", "/?Action=CreateModelPackageGroup", headers, body)
    caller.send("POST", "/", {**headers, "Action": "CreateModelPackageGroup"}, body)
    caller.send("POST", "/", {**headers, **FORM}, f"Action=CreateModelPackageGroup&{body}")
    groups = embedded_aws.client("sagemaker").list_model_package_groups(NameContains=name)
    assert groups["ModelPackageGroupSummaryList"] == []


def test_a_form_does_not_hide_what_the_query_says_to_s3(
    embedded_aws: EmbeddedAws, caller: Caller, role: str, bucket: str
) -> None:
    tagging = allow(["s3:PutObjectTagging", "s3:DeleteObjectTagging"], f"arn:aws:s3:::{bucket}/*")
    grant(embedded_aws, role, tagging)
    headers = {**caller.signed("s3"), **FORM}
    caller.send("PUT", f"/{bucket}/secret?tagging", headers, "overwritten=1")
    caller.send("DELETE", f"/{bucket}/secret?tagging", headers, "a=1")
    found = embedded_aws.client("s3").get_object(Bucket=bucket, Key="secret")
    assert found["Body"].read() == b"the secret"


def test_a_host_names_no_other_bucket(
    embedded_aws: EmbeddedAws, caller: Caller, role: str, bucket: str
) -> None:
    grant(embedded_aws, role, allow("s3:GetObject", "arn:aws:s3:::secret/*"))
    for host in (f"{bucket}.localhost", f"{bucket}.s3.localhost"):
        headers = {**caller.signed("s3"), "Host": host}
        for path in ("/secret", "/secret/secret", f"/secret/../{bucket}/secret"):
            assert "the secret" not in caller.send("GET", path, headers)[1]


def test_a_role_names_no_other_account(embedded_aws: EmbeddedAws, caller: Caller) -> None:
    headers = {**caller.signed("sts"), **FORM, "X-Moto-Account-Id": "999999999999"}
    assert caller.send("POST", "/", headers, FREE)[0] == 403
