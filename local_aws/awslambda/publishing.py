"""Published versions: each keeps the code and the settings that the function had.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html
https://docs.aws.amazon.com/lambda/latest/api/API_PublishVersion.html
"""

import copy
import json
from typing import Any

from moto.awslambda.exceptions import InvalidParameterValueException
from moto.awslambda.models import LambdaFunction, LambdaStorage
from moto.awslambda.responses import LambdaResponse

from local_aws.wrapping import Original, replace, wrap

_LAST = "last_published_version"  # of moto's unpublished function: numbers are never used again


def install() -> None:
    """Publish as AWS does: moto publishes the same again, and counts from the versions left."""
    replace(LambdaStorage, publish_version=_publish)
    wrap(LambdaResponse, "publish_version", _if_it_is_this_code)


def _publish(storage: LambdaStorage, name_or_arn: str, description: str = "") -> LambdaFunction:
    function = storage.get_function_by_name_or_arn_forbid_qualifier(name_or_arn)
    versions = storage._functions[function.function_name]["versions"]
    if versions and _published_of(versions[-1]) == _published_of(function):
        return versions[-1]  # "Lambda doesn't publish a version if [nothing has] changed"
    number = getattr(function, _LAST, len(versions)) + 1
    setattr(function, _LAST, number)
    published = _copy(function)
    published.set_version(number)
    published.description = description or published.description
    versions.append(published)
    storage._arns[published.function_arn] = published
    return published


def _copy(function: LambdaFunction) -> LambdaFunction:
    """Return a copy that changes of the function leave alone; of its policy they do not."""
    copied = copy.copy(function)
    copied.code = dict(function.code)
    copied.environment_vars = dict(function.environment_vars)
    return copied


def _published_of(function: LambdaFunction) -> dict[str, Any]:
    """Return what a new version is published for: code and configuration."""
    told = function.get_configuration()
    of_the_version = ("Version", "FunctionArn", "LastModified", "RevisionId", "Description")
    return {name: value for name, value in told.items() if name not in of_the_version}


def _if_it_is_this_code(original: Original, response: LambdaResponse) -> Any:
    """Refuse to publish other code than the caller has deployed, if the caller names one."""
    asked = json.loads(response.body or "{}").get("CodeSha256")
    name = response.path.split("/")[-2]
    found = response.backend.get_function(name).code_sha_256
    if asked and asked != found:
        raise InvalidParameterValueException(
            f"CodeSHA256 ({asked}) is different from current CodeSHA256 in $LATEST ({found}). "
            "Please try again with the CodeSHA256 in $LATEST."
        )
    return original(response)
