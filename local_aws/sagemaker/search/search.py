"""The operation Search, in the place of moto's, which knows few properties and no jobs of ours.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_Search.html
"""

import json
from collections.abc import Mapping
from typing import Any

from botocore.model import Shape
from moto.core.responses import ActionResult
from moto.core.utils import get_service_model
from moto.sagemaker.exceptions import AWSValidationException
from moto.sagemaker.responses import SageMakerResponse

from local_aws.sagemaker.search import expressions
from local_aws.sagemaker.search.properties import InvalidExpressionError, comparable, find
from local_aws.sagemaker.search.records import KINDS, Record
from local_aws.wrapping import replace

# AWS's page names the most, 100; that it is 10 without MaxResults, as for lists, is believed.
_DEFAULT_PAGE = 10


def install() -> None:
    """Answer Search."""
    replace(SageMakerResponse, search=_answer)


def _answer(response: SageMakerResponse) -> ActionResult:
    request = json.loads(response.body)
    kind = KINDS.get(request["Resource"])
    if kind is None or request.get("VisibilityConditions"):
        what = f"for {request['Resource']}" if kind is None else "with VisibilityConditions"
        raise AWSValidationException(
            f"Search {what} is refused: the embedded AWS does not have it."
        )
    records = [] if _elsewhere(request) else list(kind.records(response.sagemaker_backend))
    shape = get_service_model("sagemaker").shape_for(kind.title)
    try:
        found = _sorted(shape, _found(shape, records, request), request)
    except InvalidExpressionError as error:
        raise AWSValidationException(str(error)) from error
    start = int(request.get("NextToken") or 0)
    end = start + int(request.get("MaxResults") or _DEFAULT_PAGE)
    page = {"Results": [{kind.title: record} for record in found[start:end]]}
    return ActionResult({**page, "NextToken": str(end)} if end < len(found) else page)


def _elsewhere(request: Mapping[str, Any]) -> bool:
    """Tell whether only what other accounts share is asked for: nobody does."""
    return request.get("CrossAccountFilterOption") == "CrossAccount"


def _found(shape: Shape, records: list[Record], request: Mapping[str, Any]) -> list[Record]:
    expression = request.get("SearchExpression")
    if not expression:  # the SageMaker SDK sends {} for all
        return records
    expressions.check(shape, expression)
    return [record for record in records if expressions.matches(shape, record, expression)]


def _sorted(shape: Shape, records: list[Record], request: Mapping[str, Any]) -> list[Record]:
    """Sort by a property, by default the newest first; what does not have it comes last."""
    name = request.get("SortBy") or "LastModifiedTime"
    backwards = request.get("SortOrder", "Descending") == "Descending"
    if not request.get("SortBy") and "LastModifiedTime" not in getattr(shape, "members", {}):
        name = "CreationTime"
    having, lacking = [], []
    for record in records:
        found = find(shape, [record], name)
        if found.values:
            value = found.values[0]
            text = value.isoformat() if hasattr(value, "isoformat") else str(value)
            key = comparable(found, value, text)[0]
            having.append((isinstance(key, str), key, record))
        else:
            lacking.append(record)
    having.sort(key=lambda each: each[:2], reverse=backwards)  # numbers and texts apart
    return [*(record for _, _, record in having), *lacking]
