"""AWS's images for SageMaker: which there are, and the digests that they have here.

Which there are is what the SageMaker SDK knows, in its files of registries, versions and tags. AWS
has more tags of the same images, with dates and systems in them. Of TensorFlow those are not known
here; of all other images, whose tags each file has in a form of its own, every tag is taken as one.

No image is here, so no digest of AWS's is. An image's digest is the SHA-256 of its manifest, here
as there, and the manifest here says in its annotations what runs in the image's place: the
libraries of this machine. So a digest stays while they do. Where they change, the tags name other
images, as after a build of AWS's, and those of before are gone.
"""

import hashlib
import json
import re
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
_SERVING = re.compile("inference|serving")
_SERVED = "no library: the embedded AWS serves no models"


class AwsImage(NamedTuple):
    """An image of AWS's: its registry and repository, and the tag with the whole version."""

    account: str
    region: str
    repository: str
    tag: str


def has_repository(account: str, region: str, repository: str) -> bool:
    """Tell whether AWS has a repository of that name there."""
    of_tensorflow = any(image[:3] == (account, region, repository) for image in _tags())
    return of_tensorflow or (account, region, repository) in _other_repositories()


def find(account: str, region: str, repository: str, image_id: Mapping[str, str]) -> str | None:
    """Return the manifest of the image of that `imageTag` and that `imageDigest`; None without one.

    An image that was built again is still there under its digest, and under no tag.
    """
    tag, digest = image_id.get("imageTag"), image_id.get("imageDigest")
    if (account, region, repository) in _other_repositories():
        named = [_manifest(image, 0) for image in _others(account, region, repository, tag)]
    elif tag is not None:
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


def _others(account: str, region: str, repository: str, tag: str | None) -> list[AwsImage]:
    """Return the image of the tag, or those of all tags that were ever asked for.

    Who has a digest has asked for the tag before. The tags hang on the backend, which is kept.
    """
    asked: dict[str, None] = vars(ecr_backends[account][region]).setdefault("tags_asked", {})
    if tag is not None:
        asked[f"{repository}:{tag}"] = None
        return [AwsImage(account, region, repository, tag)]
    names = (name.split(":") for name in list(asked))
    return [AwsImage(account, region, *name) for name in names if name[0] == repository]


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
    serves = _SERVING.search(image.repository) is not None
    libraries = {} if serves else standing_in()
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


def _folder() -> Path:
    """Return where the SageMaker SDK has its files of images."""
    sdk = find_spec("sagemaker")
    assert sdk is not None
    assert sdk.submodule_search_locations is not None
    return Path(sdk.submodule_search_locations[0], "image_uri_config")


@cache
def _other_repositories() -> frozenset[tuple[str, str, str]]:
    """Account, region and name of every repository but TensorFlow's."""
    contents = (json.loads(file.read_text(encoding="utf-8")) for file in _folder().glob("*.json"))
    found = {repository for content in contents for repository in _repositories(content)}
    return frozenset(found - {image[:3] for image in _tags()})


def _repositories(config: Any) -> Iterator[tuple[str, str, str]]:
    """Yield each repository that stands somewhere in a file, beside its registries."""
    if not isinstance(config, dict):
        return
    registries, repository = config.get("registries"), config.get("repository")
    if isinstance(registries, dict) and isinstance(repository, str):
        for region, account in registries.items():
            if isinstance(account, str):
                yield account, region, repository
    for part in config.values():
        yield from _repositories(part)


@cache
def _tags() -> dict[tuple[str, str, str, str], AwsImage]:
    """The images by account, region, repository and tag; several tags may name one image."""
    scopes = json.loads((_folder() / "tensorflow.json").read_text(encoding="utf-8"))
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
