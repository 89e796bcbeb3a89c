"""An alias that sends a part of its invocations to another version, as moto's do not.

https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html
"""

import random
from collections.abc import Callable
from typing import Any

from moto.awslambda.models import LambdaFunction, lambda_backends


def chosen(
    function: LambdaFunction, arn: str, dice: Callable[[], float] = random.random
) -> LambdaFunction:
    """Return the version that an invocation of the ARN runs: `function`, or the alias's other one.

    `dice` returns a number from 0 to below 1.
    """
    backend = lambda_backends[function.account_id][function.region]
    alias: Any = backend._lambdas._get_function_aliases(function.function_name).get(
        arn.rpartition(":")[2]
    )
    weights = ((alias and alias.routing_config) or {}).get("AdditionalVersionWeights") or {}
    number = dice()
    for version, weight in weights.items():
        if number < float(weight):
            return backend.get_function(function.function_name, version)
    return function
