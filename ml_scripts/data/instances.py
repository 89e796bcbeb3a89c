"""Which of a processing job's instances this is."""

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Instance:
    """One of `count` instances, the first of which is number 1."""

    number: int
    count: int


ALONE = Instance(1, 1)


def current(base: Path) -> Instance:
    """Return which instance this is, as config/resourceconfig.json below the base has it.

    Without the file, as when somebody runs the script by hand, there is one. Every instance is
    given the same hosts; their order in the file is not promised, so their names give it.
    https://docs.aws.amazon.com/sagemaker/latest/dg/build-your-own-processing-container.html
    """
    path = base / "config" / "resourceconfig.json"
    if not path.exists():
        return ALONE
    resources = json.loads(path.read_text(encoding="utf-8"))
    hosts = sorted(resources["hosts"])
    return Instance(hosts.index(resources["current_host"]) + 1, len(hosts))
