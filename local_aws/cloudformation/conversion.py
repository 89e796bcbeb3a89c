"""Numbers and booleans that a template writes as texts, and texts that it writes as numbers.

CloudFormation takes either form for every property, and a parameter is a text whatever its type is.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

from typing import Any

import boto3
from botocore.model import Shape

_BOOLEANS = {"true": True, "false": False}


def session(region: str) -> boto3.Session:
    """Return a session whose clients convert what they are given."""
    made = boto3.Session(region_name=region)
    made.events.register("provide-client-params.*.*", _convert)
    return made


def _convert(params: Any, model: Any, **_: Any) -> Any:
    return converted(params, model.input_shape) if model.input_shape else params


def converted(value: Any, shape: Shape) -> Any:
    """Return the value in the types of botocore's shape, as far as its text stands for one."""
    members: Any = shape
    match shape.type_name, value:
        case "structure", dict():
            known = members.members
            return {
                name: converted(item, known[name]) if name in known else item
                for name, item in value.items()
            }
        case "map", dict():
            return {name: converted(item, members.value) for name, item in value.items()}
        case "list", list():
            return [converted(item, members.member) for item in value]
    return _scalar(value, shape.type_name)


def _scalar(value: Any, wanted: str) -> Any:
    match wanted, value:
        case "integer" | "long", str():
            return int(value) if value.strip().lstrip("-").isdecimal() else value
        case "boolean", str():
            return _BOOLEANS.get(value.lower(), value)
        case "string", bool():
            return str(value).lower()
        case "string", int() | float():
            return str(value)
    return value
