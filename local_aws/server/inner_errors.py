"""Errors that a service of moto's met inside of another one, told in the caller's protocol.

CloudFormation creates a function by Lambda, whose refusals are JSON; moto answers with the bare
text of a client's error, or with the JSON, which no client of CloudFormation can read.
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/CommonErrors.html
"""

import json
from http import HTTPStatus
from typing import Any

from botocore.exceptions import ClientError
from moto.core.exceptions import ServiceException
from moto.core.responses import TYPE_RESPONSE, ActionResult, BaseResponse
from moto.core.utils import get_service_model

from local_aws.wrapping import Original, wrap

_FORMS = {"query": "<", "ec2": "<", "rest-xml": "<", "json": "{", "rest-json": "{"}
# By which services name a request that they refuse without a code of its own.
_BARE = {"<": "ValidationError", "{": "ValidationException"}


def install() -> None:
    """Write such errors anew, where moto answers for its services."""
    wrap(BaseResponse, "call_action", _answer)


def _answer(original: Original, response: BaseResponse) -> TYPE_RESPONSE:
    try:
        answer: TYPE_RESPONSE = original(response)
    except ClientError as error:
        told = error.response["Error"]
        return _written(response, told["Code"], told["Message"])
    status, _, body = answer
    form = _FORMS.get(str(get_service_model(response.boto3_service_name).protocol))
    text = body.decode(errors="replace") if isinstance(body, bytes) else str(body or "")
    if status < HTTPStatus.BAD_REQUEST or form is None or not text:
        return answer
    if text.lstrip().startswith(form):
        return answer
    return _written(response, *read(text, _BARE[form]))


def read(text: str, bare: str) -> tuple[str, str]:
    """Return code and message of an error that is JSON, or text without a code of its own."""
    try:
        told: dict[str, Any] = json.loads(text)
        return told["__type"].rpartition("#")[2], told.get("message") or told.get("Message", "")
    except (AttributeError, KeyError, TypeError, ValueError):
        return bare, text


def _written(response: BaseResponse, code: str, message: str) -> TYPE_RESPONSE:
    return response.serialized(ActionResult(ServiceException(code, message)))
