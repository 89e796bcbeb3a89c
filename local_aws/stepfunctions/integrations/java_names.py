"""Names of AWS's SDK for Java 2, by which `aws-sdk:` tasks call services, fields and errors.

https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html says that names
are that SDK's; how it makes them stands in its code generator,
https://github.com/aws/aws-sdk-java-v2/tree/master/codegen, DefaultNamingStrategy.
"""

import re
from functools import cache

import botocore.session
from botocore.model import ServiceModel
from botocore.utils import EVENT_ALIASES
from moto.core.utils import get_service_model

_WORDS = (
    (re.compile(r"[^A-Za-z0-9]+"), " "),
    (re.compile(r"([^a-z]{2,})v([0-9]+)"), r"\1 v\2 "),  # SESv2
    (re.compile(r"(?<=[a-z])(?=[A-Z][a-zA-Z0-9])"), " "),  # DynamoDB
    (re.compile(r"([A-Z]+)([A-Z][a-z])"), r"\1 \2"),  # KMSKey
    (re.compile(r"([0-9])([a-zA-Z])"), r"\1 \2"),
)
_FAULT, _EXCEPTION = "Fault", "Exception"
# Members that the SDK calls otherwise, since the name means something else in Java.
_RENAMED = {"NULL": "Nul"}


def pascal(name: str) -> str:
    """Return `CloudWatchLogs` for `CloudWatch Logs`, `KmsKey` for `KMSKey`."""
    for pattern, replacement in _WORDS:
        name = pattern.sub(replacement, name)
    return "".join(word.capitalize() for word in name.split())


def field(member: str) -> str:
    """Return the name of an API's member as a task gives and gets it: `Acl` for `ACL`."""
    if member in _RENAMED:
        return _RENAMED[member]
    leading = re.match(r"[A-Za-z](?:[A-Z](?![a-z]))*", member)
    length = leading.end() if leading else 0
    return member[:1].upper() + member[1:length].lower() + member[length:]


def exception(shape: str) -> str:
    """Return the class of an error, by its name in the API: `NoSuchKeyException`."""
    if shape.endswith(_EXCEPTION):
        return pascal(shape)
    return pascal(shape.removesuffix(_FAULT)) + _EXCEPTION


def service(model: ServiceModel) -> str:
    """Return the service's name as errors begin with it: `S3`, `DynamoDb`, `CloudWatchLogs`."""
    name = pascal(model.service_id)
    return name.removeprefix("Amazon").removeprefix("Aws").removesuffix("Service")


@cache
def boto_service(name: str) -> str | None:
    """Return boto3's name of the service that a resource calls `name`, say `logs`.

    None if botocore has no such service.
    """
    available = botocore.session.get_session().get_available_services()
    called = {EVENT_ALIASES.get(known, known).replace("-", ""): known for known in available}
    known = name if name in available else called.get(name)
    return known and str(known)


@cache
def service_of(name: str) -> str:
    """Return how errors of the service that boto3 calls `name` begin."""
    return service(get_service_model(name))
