"""Routes that no AWS has, beside moto's own below /moto-api: what tests and people ask for."""

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from moto.moto_api._internal import urls

Answer = tuple[int, dict[str, str], str]


def add_route(path: str, answer: Callable[[Any], Answer]) -> None:
    """Have the path served: `answer(request)` is called with werkzeug's request."""

    def handle(request: Any, _url: str, _headers: Any) -> Answer:
        return answer(request)

    urls.url_paths[f"{{0}}{path}$"] = handle  # type: ignore[assignment]


def as_json(body: Any, status: int = HTTPStatus.OK) -> Answer:
    """Return an answer with the body as JSON."""
    return status, {"Content-Type": "application/json"}, json.dumps(body)
