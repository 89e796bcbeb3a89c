"""What AWS's APIs take, by the service models that botocore ships, and the few rules beside them.

pipeline.toml and the names of a stage are held against this before anything is deployed. Botocore
itself checks types and lower bounds only.
"""

import re
from functools import cache
from typing import Any

import botocore.session


@cache
def shape(service: str, name: str) -> Any:
    """Return botocore's shape of that name, whose `metadata` has the bounds of the API."""
    return botocore.session.get_session().get_service_model(service).shape_for(name)


def bound(service: str, name: str, which: str) -> int:
    """Return the bound `min` or `max` of a shape. Raises KeyError if the model has none."""
    return int(shape(service, name).metadata[which])


def problem(service: str, name: str, text: str) -> str:
    """Say what the API takes where it does not take `text`, empty where it does.

    The patterns are Java's. Those of names read the same in Python, as far as ASCII goes.
    """
    metadata = shape(service, name).metadata
    least, most = metadata.get("min", 0), metadata.get("max")
    if most is not None and len(text) > most:
        return f"has {len(text)} characters, AWS allows {most}"
    if len(text) < least:
        return f"has {len(text)} characters, AWS asks for {least}"
    pattern = metadata.get("pattern")
    if pattern and not re.fullmatch(pattern, text, re.ASCII):
        return f"does not match AWS's {pattern}"
    return ""
