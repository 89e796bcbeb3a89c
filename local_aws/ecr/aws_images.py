"""AWS's TensorFlow images: which there are, and the digests that they have here.

Which there are is what the SageMaker SDK knows, in its file of registries, versions and tags. AWS
has more tags of the same images, with dates and systems in them; those are not known here.

No image is here, so no digest of AWS's is. An image's digest is the SHA-256 of its manifest, here
as there, and the manifest here says in its annotations what runs in the image's place: the
libraries of this machine. So a digest stays while they do. Where they change, the tags name other
images, as after a build of AWS's, and those of before are gone.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from moto.ecr.models import ecr_backends

from local_aws.ecr.libraries import standing_in

MEDIA_TYPE = "application/vnd.oci.image.manifest.v1+json"
# An image without content, as OCI has it for manifests that stand for something else:
# https://github.com/opencontainers/image-spec/blob/main/manifest.md#guidance-for-an-empty-descriptor
_EMPTY = {
    "mediaType": "application/vnd.oci.empty.v1+json",
    "digest": f"sha256:{hashlib.sha256(b'{}').hexdigest()}",
    "size": 2,
}
_SERVED = "no library: the embedded AWS serves no models"


class AwsImage(NamedTuple):
    """An image of AWS's: its registry and repository, and the tag with the whole version."""

    account: str
    region: str
    repository: str
    tag: str


def has_repository(account: str, region: str, repository: str) -> bool:
    """Tell whether AWS has a repository of that name there."""
    return any(image[:3] == (account, region, repository) for image in _tags())


def find(account: str, region: str, repository: str, image_id: Mapping[str, str]) -> str | None:
    """Return the manifest of the image of that `imageTag` and that `imageDigest`; None without one.

    An image that was built again is still there under its digest, and under no tag.
    """
    tag, digest = image_id.get("imageTag"), image_id.get("imageDigest")
    if tag is not None:
        image = _tags().get((account, region, repository, tag))
        named = [_manifest(image, _build(image))] if image else []
    else:
        images = {image for image in _tags().values() if image[:3] == (account, region, repository)}
        named = [_manifest(image, n) for image in images for n in range(_build(image) + 1)]
    return next((text for text in named if digest in (None, digest_of(text))), None)


def build_again(image: AwsImage) -> None:
    """Have the tags of the image name another one, as they do after a build of AWS's."""
    _builds(image)[f"{image.repository}:{image.tag}"] = _build(image) + 1


def tagged(region: str, repository: str, tag: str) -> AwsImage | None:
    """Return AWS's image of that tag in a region, whichever account it lies in there."""
    found = (image for key, image in _tags().items() if key[1:] == (region, repository, tag))
    return next(found, None)


def digest_of(manifest: str) -> str:
    """Return the digest by which a manifest is asked for.

    https://github.com/opencontainers/image-spec/blob/main/descriptor.md#digests
    """
    return f"sha256:{hashlib.sha256(manifest.encode()).hexdigest()}"


def _build(image: AwsImage) -> int:
    return _builds(image).get(f"{image.repository}:{image.tag}", 0)


def _builds(image: AwsImage) -> dict[str, int]:
    """How often images were built again. It hangs on the backend, which is kept as a whole."""
    builds: dict[str, int] = vars(ecr_backends[image.account][image.region]).setdefault(
        "builds", {}
    )
    return builds


def _manifest(image: AwsImage, build: int) -> str:
    libraries = standing_in() if image.repository.endswith("-training") else {}
    stands_for = ", ".join(f"{name} {version}" for name, version in libraries.items())
    content = {
        "schemaVersion": 2,
        "mediaType": MEDIA_TYPE,
        "config": _EMPTY,
        "layers": [_EMPTY],
        "annotations": {
            "org.opencontainers.image.title": f"{image.repository}:{image.tag}",
            "org.opencontainers.image.revision": str(build),
            "org.opencontainers.image.description": f"In its place runs {stands_for or _SERVED}",
        },
    }
    return json.dumps(content)


@cache
def _tags() -> dict[tuple[str, str, str, str], AwsImage]:
    """The images by account, region, repository and tag; several tags may name one image."""
    sdk = find_spec("sagemaker")
    assert sdk is not None
    assert sdk.submodule_search_locations is not None
    file = Path(sdk.submodule_search_locations[0], "image_uri_config", "tensorflow.json")
    scopes = json.loads(file.read_text(encoding="utf-8"))
    return {
        (account, region, repository, tag): AwsImage(account, region, repository, whole)
        for scope in scopes.values()
        for version, config in scope["versions"].items()
        if "registries" in config  # of 1.13 they are by versions of Python: Python 2's time
        for tag, whole in _names(scope, version, config)
        for region, account in config["registries"].items()
        for repository in [config["repository"]]
    }


def _names(scope: Mapping[str, Any], version: str, config: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the tags of a version, as the SDK makes them, each with that of the whole version."""
    aliases = [alias for alias, whole in scope["version_aliases"].items() if whole == version]
    processors = config.get("processors") or scope["processors"]
    pythons = config.get("py_versions") or [""]
    for processor, python in product(processors, pythons):
        built_on = config.get("container_version", {}).get(processor, "")
        if config["repository"].endswith("-graviton"):
            built_on += "-sagemaker"
        rest = "-".join(part for part in (processor, python, built_on) if part)
        for name in (version, *aliases):
            yield f"{name}-{rest}", f"{version}-{rest}"
