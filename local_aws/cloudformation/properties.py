"""What the makers of resources share: properties by name, tags, and what is undone if it fails."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

Properties = dict[str, Any]
Made = tuple[str, dict[str, str]]  # what Ref answers, and what Fn::GetAtt does


class UnsupportedPropertyError(Exception):
    """The embedded AWS would pass over a property."""


def check_names(kind: str, properties: Properties, names: Iterable[str]) -> None:
    """Raise UnsupportedPropertyError for a property that is none of `names`."""
    if unknown := sorted(set(properties) - set(names)):
        raise UnsupportedPropertyError(
            f"the embedded AWS does not know {', '.join(unknown)} of {kind}"
        )


@contextmanager
def removed_if_it_fails(remove: Callable[[], object]) -> Iterator[None]:
    """Remove what was just made if the block cannot complete it: another try may need its name."""
    try:
        yield
    except Exception:
        with suppress(ClientError, BotoCoreError):
            remove()
        raise


def text(document: Any) -> str:
    """Return a policy, or a pattern, as the services take it."""
    return document if isinstance(document, str) else json.dumps(document)


def without(properties: Properties, *names: str) -> Properties:
    """Return the properties but those."""
    return {name: value for name, value in properties.items() if name not in names}


def tags_of(properties: Properties) -> dict[str, str]:
    """Return the tags by key."""
    return {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}


def tagged(properties: Properties) -> Properties:
    """Return the tags as most services take them; nothing where there are none."""
    return {"Tags": properties["Tags"]} if properties.get("Tags") else {}
