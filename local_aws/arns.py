"""Amazon Resource Names, taken apart, and those that other names stand for.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
"""

import re
from typing import NamedTuple

# https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html
_ECR_IMAGE = re.compile(
    r"(\d{12})\.dkr\.ecr\.([\w-]+)\.amazonaws\.com(?:\.cn)?/([^:@]+)"
    r"(?::([\w.-]+))?(?:@(sha256:[0-9a-f]{64}))?"
)


class Arn(NamedTuple):
    """`arn:partition:service:region:account:resource`; some services leave region or account empty.

    The resource may hold colons and slashes of its own.
    """

    partition: str
    service: str
    region: str
    account: str
    resource: str


def parse(arn: str) -> Arn:
    """Return the parts of the ARN.

    Raises:
        ValueError: the text is not an ARN.
    """
    prefix, *parts = arn.split(":", 5)
    if prefix != "arn" or len(parts) != len(Arn._fields):
        raise ValueError(f"{arn!r} is not an ARN: arn:partition:service:region:account:resource")
    return Arn(*parts)


def service_of(arn: str) -> str:
    """Return the service in an ARN: `sqs`, `sns`, `lambda`, `states`, `events`."""
    return parse(arn).service


def account_and_region(arn: str) -> tuple[str, str]:
    """Return the account and the region in an ARN."""
    parts = parse(arn)
    return parts.account, parts.region


class EcrImage(NamedTuple):
    """`account.dkr.ecr.region.amazonaws.com/repository:tag@digest`; `digest` is "" without one."""

    account: str
    region: str
    repository: str
    tag: str
    digest: str


def ecr_image(image: str) -> EcrImage | None:
    """Return the parts of a reference to an image of ECR; None for one of elsewhere.

    Without a tag it is `latest`, as Docker has it.
    """
    found = _ECR_IMAGE.fullmatch(image)
    if found is None:
        return None
    account, region, repository, tag, digest = found.groups(default="")
    return EcrImage(account, region, repository, tag or "latest", digest)


def repository_of(image: str, partition: str) -> str | None:
    """Return the ARN of the ECR repository that holds the image; None for one of elsewhere."""
    found = ecr_image(image)
    if found is None:
        return None
    return f"arn:{partition}:ecr:{found.region}:{found.account}:repository/{found.repository}"
