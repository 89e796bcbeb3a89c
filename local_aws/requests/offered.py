"""Which operations of SageMaker are answered, and which are refused: offered.json.

moto answers operations that it has nothing for: an endpoint is InService and predicts `body`, a
tuning job is Completed as soon as it exists. Whoever tests against that has tested nothing. So what
is not done here is refused, and so is what moto does not know, which would be a fault of ours (500)
or a web page (404), and be tried again.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local_aws.requests.calls import Call, operation_of
from local_aws.requests.refusals import Refusal

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_BY_DEFAULT = "does not have this operation"


@dataclass(frozen=True)
class Offer:
    """What is answered of one service; the rest is refused with `code`, by patterns of names.

    `real` operations are done. `kept` ones leave a record, and AWS makes no more of them. `empty`
    ones read or delete what cannot be made here.
    """

    code: str
    real: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    refused: Mapping[str, str] | None = None

    def answers(self, operation: str) -> bool:
        """Tell whether the operation is answered."""
        return operation in (*self.real, *self.kept, *self.empty)

    def reason(self, operation: str) -> str:
        """Return what the embedded AWS does not do, so that the operation is refused."""
        patterns = (self.refused or {}).items()
        found = (reason for pattern, reason in patterns if fnmatchcase(operation, pattern))
        return next(found, _BY_DEFAULT)


def _read() -> dict[str, Offer]:
    text = Path(__file__).with_name("offered.json").read_text(encoding="utf-8")
    services: dict[str, dict[str, Any]] = json.loads(text)["services"]
    return {name: Offer(**offer) for name, offer in services.items()}


OFFERS = _read()
# The names of one service to a signature: SageMaker's clients sign all as `sagemaker`.
_SIGNED_ALIKE = {"sagemaker": tuple(OFFERS)}


def refusal(call: Call, environ: "WSGIEnvironment") -> Refusal | None:
    """Return how the call is refused; None for one that is answered, or of another service."""
    if call.service not in OFFERS:
        return None
    service, operation = _named(call, environ)
    offer = OFFERS[service]
    if offer.answers(operation):
        return None
    message = f"{operation or 'This call'} is refused: the embedded AWS {offer.reason(operation)}."
    return Refusal(HTTPStatus.BAD_REQUEST, offer.code, message)


def _named(call: Call, environ: "WSGIEnvironment") -> tuple[str, str]:
    """Return service and operation, of the first service of the signature that has it."""
    if call.operation:
        return call.service, call.operation
    for service in _SIGNED_ALIKE.get(call.service, ()):
        model, _ = operation_of(service, environ)
        if model is not None:
            return service, str(model.name)
    return call.service, ""
