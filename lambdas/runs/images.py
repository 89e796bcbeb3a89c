"""The container images of a run: which bits a tag stands for now.

AWS builds its images again behind a tag, so that a tag names other libraries next week. A digest
names the same bits for ever. SageMaker takes both, ``registry/repository[:tag]`` and
``registry/repository[@digest]``:
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_AlgorithmSpecification.html
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ModelPackageContainerDefinition.html
For processing (API_AppSpecification.html) that is believed, not said.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import ClientError

from lambdas.boundary.text import one_line
from lambdas.boundary.transient import may_pass
from lambdas.errors import ImageError, ThrottlingError

SERVING = "serving"  # what a model is served with, beside the images of the jobs
DIGEST = r"sha256:[0-9a-f]{64}"
# The hosts of registries, with IPv6 and FIPS and without, in all of AWS's partitions:
# https://docs.aws.amazon.com/general/latest/gr/ecr.html
_ECR = re.compile(
    r"(?P<registry>(?P<account>\d{12})\.dkr[.-]ecr(?:-fips)?\.(?P<region>[a-z]+(?:-[a-z0-9]+)+)"
    r"\.[a-z0-9.-]+)/(?P<repository>[a-z0-9]+(?:[._/-]+[a-z0-9]+)*)"
    rf"(?::(?P<tag>\w[\w.-]{{0,127}}))?(?:@(?P<digest>{DIGEST}))?",
    re.ASCII,
)
# Of a registry that a repository of ours is filled from when it is read.
# https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageFailure.html
_MAY_PASS = {"UpstreamTooManyRequests", "UpstreamUnavailable"}


class EcrClient(Protocol):
    """What is asked of boto3's client."""

    def batch_get_image(self, **request: Any) -> Mapping[str, Any]:
        """https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchGetImage.html"""


Ecr = Callable[[str], EcrClient]  # returns the client of a region


@dataclass(frozen=True)
class EcrImage:
    """An image of Amazon ECR, taken apart. ``registry`` is the host that the reference begins with.

    ``region`` is that of the repository, which need not be the caller's. A reference has a tag, a
    digest, both or neither.
    """

    registry: str
    account: str
    region: str
    repository: str
    tag: str | None
    digest: str | None

    @property
    def image_id(self) -> dict[str, str]:
        """What ECR is asked for: the digest if there is one, and the tag that Docker assumes."""
        if self.digest:
            return {"imageDigest": self.digest}
        return {"imageTag": self.tag or "latest"}

    def at(self, digest: str) -> str:
        """Return the reference to the image of that digest in this repository."""
        return f"{self.registry}/{self.repository}@{digest}"

    def repository_arn(self, partition: str) -> str:
        """Return the ARN of the repository."""
        return f"arn:{partition}:ecr:{self.region}:{self.account}:repository/{self.repository}"


def parse(reference: str) -> EcrImage | None:
    """Take a reference apart; None if it names no repository of Amazon ECR."""
    found = _ECR.fullmatch(reference)
    return EcrImage(**found.groupdict()) if found else None


def digest_of(reference: str) -> str:
    """Return the digest in a reference: what an image holds, wherever it lies. Or the reference."""
    return reference.rpartition("@")[2]


def resolve(references: Mapping[str, str], ecr: Ecr) -> dict[str, str]:
    """Return the references with digests in place of tags, each image asked for once.

    One that names its digest keeps it. It is asked for too, so that an image that is gone fails
    here and not in an hour.

    Raises ImageError, in one line, where there is no such image, it may not be read, or it is not
    in ECR. ThrottlingError and botocore's errors may pass.
    """
    found = {reference: _resolved(reference, ecr) for reference in set(references.values())}
    return {name: found[reference] for name, reference in references.items()}


def _resolved(reference: str, ecr: Ecr) -> str:
    image = parse(reference)
    if image is None:
        raise ImageError(
            f"image {one_line(reference)}: found no repository of Amazon ECR, where SageMaker's "
            "images lie; expected ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY:TAG"
        )
    return image.at(_digest(image, reference, ecr(image.region)))


def _digest(image: EcrImage, reference: str, ecr: EcrClient) -> str:
    """Ask ECR for the digest.

    No ``acceptedMediaTypes``: the documented ones are of single images, and a tag may name a list
    of them, one for each architecture. Without it ECR answers, so it is believed, with what the tag
    names, whichever it is; the digest of a list holds those of its images.
    """
    try:
        answer = ecr.batch_get_image(
            registryId=image.account, repositoryName=image.repository, imageIds=[image.image_id]
        )
    except ClientError as error:
        if may_pass(error):
            raise
        raise ImageError(_refusal(reference, f"cannot be read: {error}")) from error
    for failure in answer.get("failures", ()):
        said = f"{failure.get('failureCode')}: {failure.get('failureReason')}"
        if failure.get("failureCode") in _MAY_PASS:
            raise ThrottlingError(_refusal(reference, said))
        raise ImageError(_refusal(reference, said))
    for found in answer.get("images", ()):
        return str(found["imageId"]["imageDigest"])
    raise ImageError(_refusal(reference, "ECR answers with no image and no failure"))


def _refusal(reference: str, said: str) -> str:
    return one_line(
        f"image {reference}: {said}. Expected a tag or a digest that its repository has, and "
        "ecr:BatchGetImage on it; deploy a pipeline.toml whose images there are"
    )
