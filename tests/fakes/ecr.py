"""A fake ECR: repositories of any account and region, each with tags and digests."""

from hashlib import sha256
from typing import Any

from tests.fakes.service import FakeService, client_error, operation


class FakeEcr(FakeService):
    """Repositories that have whatever tag they are asked for, until told otherwise.

    ``in_region`` is what the handlers take; ``regions`` are those that they asked for.
    """

    service = "ecr"

    def __init__(self) -> None:
        super().__init__()
        self.regions: list[str] = []
        self.failures: list[dict[str, Any]] = []
        self._builds: dict[str, int] = {}
        self._gone: set[str] = set()
        self._same: dict[str, str] = {}

    def in_region(self, region: str) -> "FakeEcr":
        """Return the client of a region: this one."""
        self.regions.append(region)
        return self

    def digest(self, repository: str, tag: str) -> str:
        """Return the digest that the tag has now."""
        tag = self._same.get(tag, tag)
        text = f"{repository}:{tag} {self._builds.get(tag, 0)}"
        return f"sha256:{sha256(text.encode()).hexdigest()}"

    def pinned(self, reference: str) -> str:
        """Return the reference with the digest that its tag has now."""
        name, _, tag = reference.rpartition(":")
        return f"{name}@{self.digest(name.partition('/')[2], tag)}"

    def rebuild(self, tag: str) -> None:
        """Give the tag another digest, as AWS does when it builds an image again."""
        self._builds[tag] = self._builds.get(tag, 0) + 1

    def alias(self, tag: str, other: str) -> None:
        """Have ``tag`` name the image that ``other`` names."""
        self._same[tag] = other

    def remove(self, tag_or_digest: str) -> None:
        """Have no image of that tag or digest."""
        self._gone.add(tag_or_digest)

    @operation
    def batch_get_image(self, **request: Any) -> dict[str, Any]:
        images, failures = [], list(self.failures)
        for image_id in request["imageIds"]:
            if set(image_id.values()) & self._gone:
                failures.append(
                    {
                        "imageId": image_id,
                        "failureCode": "ImageNotFound",
                        "failureReason": "Requested image not found",
                    }
                )
            elif not failures:
                images.append(self._image(request, image_id))
        return {"images": images, "failures": failures}

    def _image(self, request: dict[str, Any], image_id: dict[str, str]) -> dict[str, Any]:
        found = {"imageDigest": "", **image_id}
        found["imageDigest"] = image_id.get("imageDigest") or self.digest(
            request["repositoryName"], image_id["imageTag"]
        )
        return {
            "registryId": request["registryId"],
            "repositoryName": request["repositoryName"],
            "imageId": found,
            "imageManifest": "{}",
        }


def repository_is_missing(name: str) -> Exception:
    """Return what ECR answers of a repository that there is not."""
    message = f"The repository with name '{name}' does not exist in the registry"
    return client_error("RepositoryNotFoundException", "BatchGetImage", message)
