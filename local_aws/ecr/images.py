"""Which images there are: AWS's own, and those that were pushed to the account's registries."""

import re
from collections.abc import Mapping
from typing import Any

from moto.ecr.exceptions import RepositoryNotFoundException
from moto.ecr.models import Image, Repository, ecr_backends

from local_aws import arns
from local_aws.credentials import ACCOUNT
from local_aws.ecr import aws_images

_DIGEST = re.compile(r"[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+")


class NoImageError(LookupError):
    """A repository has no such image; the code and the text are those of BatchGetImage's failure.

    https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageFailure.html
    """

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


def get(account: str, region: str, repository: str, image_id: Mapping[str, str]) -> dict[str, Any]:
    """Return an image as BatchGetImage answers with it, found by tag, by digest or by both.

    Raises RepositoryNotFoundException and NoImageError. Of other accounts than ours and AWS's there
    is nothing here.
    """
    _check(image_id)
    own = _own(account, region, repository)
    if own is not None:
        found = _of_ours(own, image_id)
    elif aws_images.has_repository(account, region, repository):
        found = _of_aws(account, region, repository, image_id)
    else:
        raise RepositoryNotFoundException(repository, account)
    if found is None:
        raise NoImageError("ImageNotFound", "Requested image not found")
    digest = {"imageDigest": aws_images.digest_of(found["imageManifest"]), **image_id}
    return {"registryId": account, "repositoryName": repository, "imageId": digest, **found}


def check_reference(reference: str) -> None:
    """Raise what `get` raises for an image of ECR that is not there. Other images are not known."""
    image = arns.ecr_image(reference)
    if image is None:
        return
    image_id = {"imageDigest": image.digest} if image.digest else {"imageTag": image.tag}
    get(image.account, image.region, image.repository, image_id)


def _check(image_id: Mapping[str, str]) -> None:
    if not image_id.keys() & {"imageTag", "imageDigest"}:
        reason = "Invalid request parameters: both tag and digest cannot be null"
        raise NoImageError("MissingDigestAndTag", reason)
    if not _DIGEST.fullmatch(image_id.get("imageDigest", "sha256:0")):
        reason = (
            f"Invalid request parameters: image digest should satisfy the regex '{_DIGEST.pattern}'"
        )
        raise NoImageError("InvalidImageDigest", reason)


def _own(account: str, region: str, repository: str) -> Repository | None:
    if account != ACCOUNT or region not in ecr_backends[account]:
        return None
    return ecr_backends[account][region].repositories.get(repository)


def _of_ours(repository: Repository, image_id: Mapping[str, str]) -> dict[str, Any] | None:
    for image in repository.images:
        if _is(image, image_id):
            return {
                "imageManifest": image.image_manifest,
                "imageManifestMediaType": image.image_manifest_media_type,
            }
    return None


def _is(image: Image, image_id: Mapping[str, str]) -> bool:
    tag, digest = image_id.get("imageTag"), image_id.get("imageDigest")
    return tag in (None, *image.image_tags) and digest in (None, image.get_image_digest())


def _of_aws(
    account: str, region: str, repository: str, image_id: Mapping[str, str]
) -> dict[str, Any] | None:
    manifest = aws_images.find(account, region, repository, image_id)
    if manifest is None:
        return None
    return {"imageManifest": manifest, "imageManifestMediaType": aws_images.MEDIA_TYPE}
