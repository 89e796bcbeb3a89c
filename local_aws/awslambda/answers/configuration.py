"""A function's configuration, as CreateFunction and all others answer it.

What this restores of AWS's behaviour, where moto 5.2 differs:

- A function that was just created is Pending, and Active from the next answer on.
- RevisionId, RuntimeVersionConfig and LoggingConfig are answered; Layers where there are some,
  an empty Environment where one was given.

https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html
https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
"""

import hashlib
import json
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from moto.awslambda.models import LambdaBackend, LambdaFunction

from local_aws.wrapping import Original, wrap

_HAS_VARIABLES = "was_given_variables"
_CREATING = {
    "State": "Pending",
    "StateReason": "The function is being created.",
    "StateReasonCode": "Creating",
}


def install() -> None:
    """Complete moto's configuration."""
    wrap(LambdaFunction, "get_configuration", _configuration)
    wrap(LambdaBackend, "create_function", _create)


def _create(original: Original, backend: LambdaBackend, spec: dict[str, Any]) -> LambdaFunction:
    function: LambdaFunction = original(backend, spec)
    setattr(function, _HAS_VARIABLES, "Environment" in spec)
    return function


def _configuration(
    original: Original,
    function: LambdaFunction,
    on_create: bool = False,
) -> dict[str, Any]:
    told: dict[str, Any] = original(function, on_create)
    if not told["Layers"]:
        del told["Layers"]
    if getattr(function, _HAS_VARIABLES, False):
        told.setdefault("Environment", {"Variables": {}})
    told["LoggingConfig"] = {"LogFormat": "Text", "LogGroup": function.logs_group_name}
    if told["PackageType"] == "Zip":
        told["RuntimeVersionConfig"] = {"RuntimeVersionArn": _runtime_version(function)}
    told["RevisionId"] = str(uuid5(NAMESPACE_URL, json.dumps(told, sort_keys=True, default=str)))
    return told | _CREATING if on_create else told


def _runtime_version(function: LambdaFunction) -> str:
    """Return the ARN of a version that stands for this machine's Python: AWS has no such one."""
    digest = hashlib.sha256(str(function.run_time).encode()).hexdigest()
    return f"arn:{function.partition}:lambda:{function.region}::runtime:{digest}"
