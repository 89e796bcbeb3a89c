"""Service Quotas: what moto lacks of it, for the quotas that a pipeline meets.

https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/Welcome.html

Nothing here is limited, so every quota says NO_LIMIT. To see what a new account would say, whose
quotas are often 0, set some in the server's region at a route that no AWS has, beside moto's own:

    curl -u "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \\
        --json '{"L-0307F515": 0}' $AWS_ENDPOINT_URL/moto-api/service-quotas

DELETE takes all of that back, GET tells what is set. It is kept with the rest of the state.
"""

import json
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.servicequotas.models import ServiceQuotasBackend, servicequotas_backends
from moto.servicequotas.responses import ServiceQuotasResponse

from local_aws.context import Context
from local_aws.credentials import ACCOUNT
from local_aws.requests.routes import Answer, add_route, as_json
from local_aws.wrapping import Original, replace, wrap

ROUTE = "/moto-api/service-quotas"
QUOTAS: dict[str, Any] = json.loads(
    Path(__file__).with_name("service_quotas.json").read_text(encoding="utf-8")
)
SERVICES = {"sagemaker": "Amazon SageMaker", "lambda": "AWS Lambda"}
NO_LIMIT = 1000.0
PAGE_SIZE = 100  # at most, and where the caller does not say


class QuotaError(JsonRESTError):
    """What Service Quotas answers to a request that it refuses."""


def install(context: Context) -> None:
    """Add the quotas to moto's, and the operation that lists the applied ones."""
    wrap(ServiceQuotasBackend, "list_aws_default_service_quotas", _defaults)
    wrap(ServiceQuotasBackend, "get_service_quota", _get)
    replace(
        ServiceQuotasResponse,
        list_service_quotas=_list_applied,
        list_aws_default_service_quotas=_list_defaults,
    )
    add_route(ROUTE, partial(_answer, context.region))


def _defaults(
    original: Original, self: ServiceQuotasBackend, service_code: str
) -> list[dict[str, Any]]:
    if service_code not in SERVICES:
        return original(self, service_code)
    return [
        _quota(self, service_code, code, name, NO_LIMIT)
        for code, name in QUOTAS[service_code].items()
    ]


def _applied(backend: ServiceQuotasBackend, service_code: str) -> list[dict[str, Any]]:
    values = _set_in(backend)
    return [
        quota | {"Value": values.get(quota["QuotaCode"], quota["Value"])}
        for quota in backend.list_aws_default_service_quotas(service_code)
    ]


def _get(
    original: Original, self: ServiceQuotasBackend, service_code: str, quota_code: str
) -> dict[str, Any]:
    if service_code not in SERVICES:
        return original(self, service_code, quota_code)
    for quota in _applied(self, service_code):
        if quota["QuotaCode"] == quota_code:
            return quota
    raise QuotaError("NoSuchResourceException", f"The request failed: no quota {quota_code}.")


def _quota(
    backend: ServiceQuotasBackend, service: str, code: str, name: str, value: float
) -> dict[str, Any]:
    """https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_ServiceQuota.html"""
    place = f"{backend.region_name}:{backend.account_id}"
    return {
        "ServiceCode": service,
        "ServiceName": SERVICES[service],
        "QuotaArn": f"arn:{backend.partition}:servicequotas:{place}:{service}/{code}",
        "QuotaCode": code,
        "QuotaName": name,
        "Value": value,
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
    }


def _list_applied(self: ServiceQuotasResponse) -> str:
    request = json.loads(self.body)
    return _page(request, _applied(self.backend, request["ServiceCode"]))


def _list_defaults(self: ServiceQuotasResponse) -> str:
    request = json.loads(self.body)
    return _page(request, self.backend.list_aws_default_service_quotas(request["ServiceCode"]))


def _page(request: dict[str, Any], quotas: list[dict[str, Any]]) -> str:
    token = request.get("NextToken", "0")
    if not token.isdecimal():
        raise QuotaError("InvalidPaginationTokenException", "The NextToken is not valid.")
    end = int(token) + request.get("MaxResults", PAGE_SIZE)
    more = {"NextToken": str(end)} if end < len(quotas) else {}
    return json.dumps({"Quotas": quotas[int(token) : end], **more})


def _set_in(backend: ServiceQuotasBackend) -> dict[str, float]:
    """The values that were set. They hang on the backend, which is kept as a whole."""
    found: dict[str, float] = vars(backend).get("set_values", {})
    return found


def _answer(region: str, request: Any) -> Answer:
    backend = servicequotas_backends[ACCOUNT][region]
    try:
        if request.method in ("PUT", "POST"):
            vars(backend)["set_values"] = _set_in(backend) | _values(request.get_data())
        elif request.method == "DELETE":
            vars(backend)["set_values"] = {}
    except ValueError as error:
        return as_json({"message": str(error)}, HTTPStatus.BAD_REQUEST)
    return as_json(_set_in(backend))


def _values(body: bytes) -> dict[str, float]:
    """Read {code: value}. Raises ValueError saying what was found and what is expected."""
    found = json.loads(body)
    if not isinstance(found, dict):
        raise ValueError(f"found {found!r}, expected an object of quota codes and values")
    known = {code for service in SERVICES for code in QUOTAS[service]}
    for code, value in found.items():
        if code not in known:
            raise ValueError(f"found the quota code {code!r}, expected one of service_quotas.json")
        if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
            raise ValueError(f"{code}: found {value!r}, expected a number from 0")
    return {code: float(value) for code, value in found.items()}
