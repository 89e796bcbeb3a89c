"""GetAccountSettings, which moto does not have: the limits of a new account, and what is used.

https://docs.aws.amazon.com/lambda/latest/api/API_GetAccountSettings.html
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

import json

from moto.awslambda import urls
from moto.awslambda.responses import LambdaResponse

_CONCURRENT = 1000
_LIMITS = {
    "TotalCodeSize": 80_530_636_800,
    "CodeSizeUnzipped": 262_144_000,
    "CodeSizeZipped": 52_428_800,
    "ConcurrentExecutions": _CONCURRENT,
}
_PATH = r"{0}/(?P<api_version>[^/]+)/account-settings/?$"


def install() -> None:
    """Give the operation its place among moto's."""
    urls.url_paths[_PATH] = LambdaResponse.dispatch
    LambdaResponse.get_account_settings = _get  # type: ignore[attr-defined]


def _get(response: LambdaResponse) -> str:
    functions = list(response.backend.list_functions())
    versions = [*response.backend.list_functions("ALL")]
    reserved = sum(int(each.reserved_concurrency or 0) for each in functions)
    limits = {**_LIMITS, "UnreservedConcurrentExecutions": _CONCURRENT - reserved}
    used = {
        "TotalCodeSize": sum(each.code_size for each in versions),
        "FunctionCount": len(functions),
    }
    return json.dumps({"AccountLimit": limits, "AccountUsage": used})
