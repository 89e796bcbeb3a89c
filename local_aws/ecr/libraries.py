"""The libraries of this machine that a job runs on, where AWS would run it in an image."""

import platform
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

# What AWS's images for training are made of: TensorFlow, under the name that it has here, and the
# toolkit that starts the script. https://github.com/aws/deep-learning-containers
ROOTS = ("tensorflow", "tensorflow-cpu", "sagemaker-training")


@cache
def standing_in() -> dict[str, str]:
    """Return name and version of Python, and of what `ROOTS` need, each by the other's metadata.

    A library that is not installed is left out.
    """
    found: dict[str, str] = {}
    waiting = list(ROOTS)
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in found:
            continue
        try:
            found[name] = distribution(name).version
        except PackageNotFoundError:
            continue
        waiting.extend(_required(name))
    python = f"{platform.python_implementation()} {platform.python_version()}"
    machine = f"{platform.system()} {platform.machine()}"
    return {"python": f"{python} on {machine}", **dict(sorted(found.items()))}


def _required(name: str) -> Iterator[str]:
    for text in distribution(name).requires or ():
        required = Requirement(text)
        if required.marker is None or required.marker.evaluate({"extra": ""}):
            yield required.name
