"""Which digest a reference to an image stands for."""

import re

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from lambdas.boundary.transient import naming_transient_errors
from lambdas.errors import ImageError, ThrottlingError
from lambdas.runs.images import digest_of, parse, resolve
from tests.fakes.ecr import repository_is_missing
from tests.fakes.service import client_error

AWS = "763104351884.dkr.ecr.eu-central-1.amazonaws.com/tensorflow-training"
OURS = "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/own_image"
DIGEST = f"sha256:{'0a' * 32}"


def test_each_image_is_asked_for_once_in_its_own_registry_and_region(ecr):
    named = {"preprocessing": f"{AWS}:2.19", "training": f"{AWS}:2.19", "serving": f"{OURS}:7"}

    found = resolve(named, ecr.in_region)

    assert found == {name: ecr.pinned(reference) for name, reference in named.items()}
    assert sorted(ecr.regions) == ["eu-central-1", "us-east-1"]
    asked = sorted((r["registryId"], r["repositoryName"]) for r in ecr.called("BatchGetImage"))
    assert asked == [("123456789012", "team/own_image"), ("763104351884", "tensorflow-training")]


@pytest.mark.parametrize("reference", [f"{OURS}@{DIGEST}", f"{OURS}:7@{DIGEST}"])
def test_an_image_that_names_its_digest_keeps_it(ecr, reference):
    assert resolve({"training": reference}, ecr.in_region) == {"training": f"{OURS}@{DIGEST}"}
    assert ecr.called("BatchGetImage")[0]["imageIds"] == [{"imageDigest": DIGEST}]


def test_an_image_without_a_tag_is_the_latest(ecr):
    resolve({"training": OURS}, ecr.in_region)
    assert ecr.called("BatchGetImage")[0]["imageIds"] == [{"imageTag": "latest"}]


@pytest.mark.parametrize(
    ("reference", "region", "arn"),
    [
        (
            f"{AWS}:2.19",
            "eu-central-1",
            "arn:p:ecr:eu-central-1:763104351884:repository/tensorflow-training",
        ),
        (
            f"{OURS}@{DIGEST}",
            "us-east-1",
            "arn:p:ecr:us-east-1:123456789012:repository/team/own_image",
        ),
        (
            "727897471807.dkr.ecr.cn-north-1.amazonaws.com.cn/a:1",
            "cn-north-1",
            "arn:p:ecr:cn-north-1:727897471807:repository/a",
        ),
        (
            "442386744353.dkr.ecr-fips.us-gov-west-1.amazonaws.com/a-b:1",
            "us-gov-west-1",
            "arn:p:ecr:us-gov-west-1:442386744353:repository/a-b",
        ),
        (
            "123456789012.dkr-ecr.us-west-2.on.aws/a/b",
            "us-west-2",
            "arn:p:ecr:us-west-2:123456789012:repository/a/b",
        ),
    ],
)
def test_a_reference_is_taken_apart(reference, region, arn):
    image = parse(reference)
    assert image is not None
    assert (image.region, image.repository_arn("p")) == (region, arn)


@pytest.mark.parametrize(
    "reference",
    ["", "image", "docker.io/library/python:3.12", f"{OURS}:7@sha256:short", f"{OURS}:", "\n"],
)
def test_what_is_no_image_of_ecr_is_refused_in_one_line(ecr, reference):
    with pytest.raises(ImageError, match=r"found no repository of Amazon ECR.*; expected") as error:
        resolve({"training": reference}, ecr.in_region)
    assert str(error.value).isprintable()


def test_a_tag_that_is_not_there_is_named(ecr):
    ecr.remove("2.19")
    with pytest.raises(ImageError, match=re.escape(f"{AWS}:2.19: ImageNotFound: Requested image")):
        resolve({"training": f"{AWS}:2.19"}, ecr.in_region)


@pytest.mark.parametrize(
    "error",
    [
        repository_is_missing("tensorflow-training"),
        client_error("AccessDeniedException", "BatchGetImage", "no policy allows it", 400),
    ],
)
def test_a_repository_that_is_not_there_or_closed_is_named(ecr, error):
    def refused(**_):
        raise error

    ecr.batch_get_image = refused
    with pytest.raises(ImageError, match=re.escape(f"image {AWS}:2.19: cannot be read:")):
        resolve({"training": f"{AWS}:2.19"}, ecr.in_region)


@pytest.mark.parametrize(
    ("code", "status"), [("ThrottlingException", 400), ("ServerException", 500)]
)
def test_what_may_pass_is_left_to_the_retries_of_the_state(ecr, code, status):
    ecr.refuse("BatchGetImage", code, status)
    with pytest.raises(ClientError, match=code):
        resolve({"training": f"{AWS}:2.19"}, ecr.in_region)
    with pytest.raises(ThrottlingError):
        naming_transient_errors(resolve)({"training": f"{AWS}:2.19"}, ecr.in_region)


def test_an_ecr_that_cannot_be_reached_is_left_to_the_retries_of_the_state():
    def unreachable(_region):
        raise EndpointConnectionError(endpoint_url="https://api.ecr.eu-central-1.amazonaws.com")

    with pytest.raises(ThrottlingError, match="Could not connect"):
        naming_transient_errors(resolve)({"training": f"{AWS}:2.19"}, unreachable)


def test_an_upstream_that_is_away_may_come_back(ecr):
    ecr.failures.append({"failureCode": "UpstreamUnavailable", "failureReason": "busy"})
    with pytest.raises(ThrottlingError, match="busy"):
        resolve({"training": f"{OURS}:7"}, ecr.in_region)


def test_the_digest_is_what_counts():
    assert digest_of(f"{AWS}@{DIGEST}") == digest_of(f"{OURS}@{DIGEST}") == DIGEST
    assert digest_of(f"{AWS}:2.19") == f"{AWS}:2.19"
