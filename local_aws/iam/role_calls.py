"""Calls that credentials of a role make, held against its policies at the door.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import hmac
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from moto.core.responses import BaseResponse
from moto.s3.models import s3_backends
from werkzeug.exceptions import Forbidden

from local_aws.iam import bucket_policies, limits, sessions
from local_aws.iam.actions import required, required_s3
from local_aws.iam.actions.required import Place
from local_aws.iam.actions.required_s3 import Source
from local_aws.iam.authorization import AccessDeniedError, check, check_administrator
from local_aws.iam.policies import Request
from local_aws.iam.readings import second_reading
from local_aws.iam.sessions import Administrator, Session
from local_aws.requests.calls import Call, call_of, parameters_of, scope_of
from local_aws.requests.refusals import Refusal, protocol_of, refuse
from local_aws.wrapping import Original, wrap

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# The codes by which services tell of it that do not say AccessDeniedException.
_DENIED = {"s3": "AccessDenied", "sns": "AuthorizationError"}
_UNKNOWN = "The security token included in the request is invalid."
_EXPIRED = "The security token included in the request is expired"
_ANYBODY = Administrator()
_CHECKED = "local_aws.checked_call"  # in the environment of a role's request


class _RefusedError(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.refusal = Refusal(HTTPStatus.FORBIDDEN, code, message)


@dataclass(frozen=True)
class AdministratorCall:
    """A call that is signed with the folder's key, where a service control policy limits it."""

    call: Call
    session: Session | Administrator

    def refusal(
        self, environ: "WSGIEnvironment", start_response: "StartResponse", _backend: str
    ) -> Iterable[bytes] | None:
        """Answer a call that the account may not make; return None for one that it may."""
        try:
            for request in self._required(environ):
                self._check(request)
        except _RefusedError as error:
            return self._refuse(error, environ, start_response)
        return None

    def refusal_to_tell(
        self, _status: str, _environ: "WSGIEnvironment", _start_response: "StartResponse"
    ) -> Iterable[bytes] | None:
        """Hide nothing: return None."""
        return None

    def _check(self, request: Request) -> None:
        try:
            if isinstance(self.session, Administrator):
                check_administrator(self.session, request)
            else:
                check(self.session, request)
        except AccessDeniedError as error:
            raise _RefusedError(self._denied(), str(error)) from error

    def _denied(self) -> str:
        plain = "AccessDenied" if protocol_of(self.call) == "query" else "AccessDeniedException"
        return _DENIED.get(self.call.service, plain)

    def _required(self, environ: "WSGIEnvironment") -> Iterator[Request]:
        if self.call.service == "s3":
            partition = self.session.partition
            of_object = (partial(_is_tagged, self.session), partial(_key_of, self.session))
            return required_s3.required(self.call, environ, partition, *of_object)
        place = Place(self.session.partition, self.call.region, self.session.account)
        return required.required(self.call, parameters_of(self.call, environ), place)

    def _refuse(
        self, error: _RefusedError, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        # The connection's next request begins where this one's body ends.
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        return refuse(self.call, error.refusal, environ, start_response)


@dataclass(frozen=True)
class RoleCall(AdministratorCall):
    """A call that is signed with credentials of a role."""

    session: Session

    def refusal(
        self, environ: "WSGIEnvironment", start_response: "StartResponse", backend: str
    ) -> Iterable[bytes] | None:
        """Answer a call that the role may not make; return None for one that it may.

        `backend` is the service of moto's that gets the request.
        """
        try:
            self._check_token(environ)
            self._check_reading(environ, backend)
            for request in self._required(environ):
                self._check(request)
        except _RefusedError as error:
            return self._refuse(error, environ, start_response)
        environ[_CHECKED] = self.call
        return None

    def refusal_to_tell(
        self, status: str, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes] | None:
        """Hide from a role that may not list the bucket that an object is not there."""
        request = required_s3.listing(self.call, self.session.partition)
        if request is None or not status.startswith("404"):
            return None
        try:
            self._check(request)
        except _RefusedError as error:
            return self._refuse(error, environ, start_response)
        return None

    def _check_token(self, environ: "WSGIEnvironment") -> None:
        query = protocol_of(self.call) == "query"
        if not hmac.compare_digest(_token(environ), self.session.token.encode()):
            code = "InvalidClientTokenId" if query else "UnrecognizedClientException"
            code = "InvalidToken" if self.call.service == "s3" else code
            raise _RefusedError(code, _UNKNOWN)
        if self.session.expired:
            short = query or self.call.service == "s3"
            raise _RefusedError("ExpiredToken" if short else "ExpiredTokenException", _EXPIRED)

    def _check_reading(self, environ: "WSGIEnvironment", backend: str) -> None:
        if problem := second_reading(self.call, environ, backend):
            raise _RefusedError(
                self._denied(), f"A role's request has to have one reading: {problem}."
            )


def install() -> None:
    """Let moto carry out, for a role, the operation that was checked and no other one."""
    wrap(BaseResponse, "call_action", _carry_out)


def _carry_out(original: Original, response: BaseResponse) -> Any:
    checked: Call | None = response.normalized_request.environ.get(_CHECKED)
    if checked is not None and checked.service != "s3":
        found = (response._get_action(), response.region)
        if found != (checked.operation, checked.region):
            raise Forbidden(f"checked were {checked} and {checked.region}, found {found}")
    return original(response)


def checked_call_of(environ: "WSGIEnvironment") -> AdministratorCall | None:
    """Return the call, if it is to be held against policies; None for any other.

    It is one that a role makes, or, under a service control policy, the administrator of the
    account; whoever names another account does not belong to this one.
    """
    scope = scope_of(environ)
    session = sessions.find(scope.access_key) if scope is not None else None
    limited = limits.service_control() is not None and "HTTP_X_MOTO_ACCOUNT_ID" not in environ
    call = call_of(environ) if session is not None or limited else None
    if call is None:
        return None
    return RoleCall(call, session) if session is not None else AdministratorCall(call, _ANYBODY)


def _is_tagged(session: Session | Administrator, source: Source) -> bool:
    backend = s3_backends[session.account][session.partition]
    if source.bucket not in backend.buckets:
        return False
    key = backend.get_object(source.bucket, source.key, source.version_id or None)
    return key is not None and bool(backend.tagger.get_tag_dict_for_resource(key.arn))


def _key_of(session: Session | Administrator, source: Source) -> str:
    """Return the key of KMS that an object, or the bucket by default, is encrypted with."""
    owner = bucket_policies.owner_of(source.bucket)
    if owner is None:
        return ""
    backend = s3_backends[owner][session.partition]
    if source.key:
        found = backend.get_object(source.bucket, source.key, source.version_id or None)
        encrypted = found is not None and found.encryption == "aws:kms"
        return str(found.kms_key_id or "") if found is not None and encrypted else ""
    rule = (backend.buckets[source.bucket].encryption or {}).get("Rule", {})
    return str(rule.get("ApplyServerSideEncryptionByDefault", {}).get("KMSMasterKeyID") or "")


def _token(environ: "WSGIEnvironment") -> bytes:
    header = environ.get("HTTP_X_AMZ_SECURITY_TOKEN")
    if header is None:
        query: Any = parse_qs(environ.get("QUERY_STRING", ""))
        names = ("X-Amz-Security-Token", "x-amz-security-token")  # of presigned URLs
        header = next((query[name][0] for name in names if name in query), "")
    return str(header).encode()
