"""BatchGetImage of any registry, and pushes after which nothing is lost.

AWS lets every account read its repositories of images for SageMaker; the caller's own policies
have to allow it too: https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policies.html
Of those no other call is answered here: which ones AWS allows is not said.

To see what a run does after AWS has built an image again behind its tag, ask at a route that no AWS
has, beside moto's own; the answer is the new digest:

    curl -u "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \\
        --json '{"repositoryName": "tensorflow-training", "imageTag": "2.19-cpu-py312"}' \\
        $AWS_ENDPOINT_URL/moto-api/ecr/build-image-again
"""

import json
from functools import partial
from http import HTTPStatus
from typing import Any

from moto.core.responses import ActionResult
from moto.ecr.models import ECRBackend, Image
from moto.ecr.responses import ECRResponse

from local_aws.context import Context
from local_aws.ecr import aws_images
from local_aws.ecr.images import NoImageError, get
from local_aws.requests.routes import Answer, add_route, as_json
from local_aws.wrapping import Original, replace, wrap

ROUTE = "/moto-api/ecr/build-image-again"


def install(context: Context) -> None:
    """Answer for AWS's registries, and keep what loses its last tag."""
    replace(ECRResponse, batch_get_image=_batch_get_image)
    replace(Image, _create_digest=_create_digest)
    wrap(ECRBackend, "put_image", _put_image)
    add_route(ROUTE, partial(_answer, context.region))


def _batch_get_image(self: ECRResponse) -> ActionResult:
    """https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchGetImage.html"""
    request = json.loads(self.body)
    registry = request.get("registryId") or self.current_account
    images, failures = [], []
    for image_id in request["imageIds"]:
        try:
            images.append(get(registry, self.region, request["repositoryName"], image_id))
        except NoImageError as error:
            failure = {"failureCode": error.code, "failureReason": str(error)}
            failures.append({"imageId": image_id, **failure})
    return ActionResult({"images": images, "failures": failures})


def _create_digest(image: Image) -> None:
    """Take the digest of the manifest; moto makes one up of parts of it, or of a random number."""
    image._image_digest = aws_images.digest_of(image.image_manifest)


def _put_image(
    original: Original, self: ECRBackend, repository_name: str, *arguments: Any, **options: Any
) -> Image:
    """Leave the image whose tag goes to another one, without it; moto would remove that image.

    https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html
    """
    repository = self.repositories.get(repository_name)
    before = list(repository.images) if repository else []
    pushed: Image = original(self, repository_name, *arguments, **options)
    for image in before:
        if repository is not None and image not in repository.images:
            image.image_tags = []
            repository.images.append(image)
    return pushed


def _answer(region: str, request: Any) -> Answer:
    asked = json.loads(request.get_data() or b"{}")
    name = {key: asked.get(key) for key in ("repositoryName", "imageTag")}
    image = aws_images.tagged(region, name["repositoryName"], name["imageTag"])
    if image is None:
        message = f"found {name}, expected the name and a tag of an image that AWS has in {region}"
        return as_json({"message": message}, HTTPStatus.BAD_REQUEST)
    aws_images.build_again(image)
    found = get(image.account, image.region, image.repository, {"imageTag": image.tag})
    return as_json({"imageDigest": found["imageId"]["imageDigest"]})
