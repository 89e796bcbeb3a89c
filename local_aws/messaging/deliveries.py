"""How one service of the embedded AWS sends to another: by ARN, and outside of the request.

What S3, SNS, EventBridge and Lambda's destinations have in common. A message that was accepted is
delivered at least once, also if the server is killed before; one that nobody takes is given up, and
that is told.
"""

import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Generic, TypeVar

from moto.awslambda.models import LambdaFunction, lambda_backends
from moto.core.exceptions import ServiceException
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends
from werkzeug.exceptions import HTTPException

from local_aws.arns import account_and_region, service_of
from local_aws.iam.authorization import AccessDeniedError, lets_service
from local_aws.state.accepted import Accepted
from local_aws.state.moto_services import changes
from local_aws.state.state import State

Message = TypeVar("Message")

# Seconds. AWS goes on for hours, because its outages take hours; in one process a delivery that
# fails four times in eight seconds does not get better.
RETRY_DELAYS = (0.2, 1.0, 6.0)
_AT_ONCE = 3

_log = logging.getLogger(__name__)


class NotPermittedError(Exception):
    """The function's policy does not let the sender invoke it."""


class UnsupportedTargetError(Exception):
    """The embedded AWS does not send to what the ARN names."""


@dataclass(frozen=True)
class _Entry(Generic[Message]):
    key: str
    message: Message
    failures: int = 0


class Deliveries(Generic[Message]):
    """Sends messages one after another, outside of the request that caused them.

    `deliver(message)` sends one. If that raises, the message is sent again after each of
    `retry_delays`, in seconds, while others go on; what cannot pass is not sent again.
    `give_up(message, error)` is told of a message that was not delivered in the end. Messages
    pickle: they are kept as the part `name` of the state until they are delivered or given up.
    """

    def __init__(
        self,
        name: str,
        deliver: Callable[[Message], None],
        state: State,
        *,
        give_up: Callable[[Message, Exception], None],
        retry_delays: tuple[float, ...] = RETRY_DELAYS,
    ) -> None:
        self._deliver = deliver
        self._give_up = give_up
        self._retry_delays = retry_delays
        self._state = state
        self._queue: queue.SimpleQueue[_Entry[Message] | None] = queue.SimpleQueue()
        self._accepted: Accepted[Message] = Accepted(
            state, name, lambda key, message: self._queue.put(_Entry(key, message))
        )
        threading.Thread(target=self._work, name=name, daemon=True).start()

    def send(self, message: Message) -> None:
        """Have the message delivered soon."""
        self._queue.put(_Entry(self._accepted.add(message), message))

    def close(self) -> None:
        """Send nothing more after what is queued now."""
        self._queue.put(None)

    def _work(self) -> None:
        done: list[str] = []
        while entry := self._queue.get():
            if self._is_done(entry):
                done.append(entry.key)
            if self._queue.empty():  # one wait for the disk, however many were queued
                self._accepted.settle(done)
                done.clear()

    def _is_done(self, entry: _Entry[Message]) -> bool:
        """Send the message; return False if it is to be sent again, now or by the next server."""
        try:
            with changes(self._state):
                self._deliver(entry.message)
        except Exception as error:
            if may_pass(error) and entry.failures < len(self._retry_delays):
                self._send_again(entry, error)
                return False
            return self._given_up(entry.message, error)
        return True

    def _send_again(self, entry: _Entry[Message], error: Exception) -> None:
        delay = self._retry_delays[entry.failures]
        _log.warning("%s: delivery failed, tried again in %.1f s: %s", entry.message, delay, error)
        again = replace(entry, failures=entry.failures + 1)
        timer = threading.Timer(delay, self._queue.put, (again,))
        timer.daemon = True  # the message is kept: the next server sends it
        timer.start()

    def _given_up(self, message: Message, error: Exception) -> bool:
        try:
            with changes(self._state):
                self._give_up(message, error)
        except Exception:
            _log.exception("%s waits for the next start: nobody takes it, nor keeps it", message)
            return False
        return True


def may_pass(error: Exception) -> bool:
    """Tell whether the same delivery may succeed later.

    What a target refuses, or who sends may not do, AWS does not try again, nor what is not there:
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
    https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
    Of S3's events AWS says only that they come at least once; we believe that it does the same.
    """
    if isinstance(error, HTTPException):  # so moto words most refusals
        code = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
        return code >= HTTPStatus.INTERNAL_SERVER_ERROR or code == HTTPStatus.TOO_MANY_REQUESTS
    refusals = (AccessDeniedError, NotPermittedError, ServiceException, UnsupportedTargetError)
    return not isinstance(error, refusals)


def send_at_once(send: Callable[[], None]) -> None:
    """Send, and three times more without delay where that may help; raise the last error.

    SNS begins so, before it waits. https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
    """
    for _ in range(_AT_ONCE):
        try:
            return send()
        except Exception as error:
            if not may_pass(error):
                raise
    return send()


def send_to_queue(
    arn: str, body: str, *, attributes: dict[str, tuple[str, str]] | None = None, group: str = ""
) -> None:
    """Put a message into the queue; `attributes` are {name: (data type, value)}.

    Raises moto's QueueDoesNotExist.
    """
    account, region = account_and_region(arn)
    sqs_backends[account][region].send_message(
        queue_name=arn.rpartition(":")[2],
        message_body=body,
        message_attributes={
            name: {"DataType": kind, "StringValue": value}
            for name, (kind, value) in (attributes or {}).items()
        },
        group_id=group or None,
    )


def publish(
    arn: str,
    message: str,
    *,
    subject: str | None = None,
    attributes: dict[str, tuple[str, str]] | None = None,
) -> None:
    """Publish to the topic; raises moto's SNSNotFoundError if there is none."""
    account, region = account_and_region(arn)
    sns_backends[account][region].publish(
        arn=arn,
        message=message,
        subject=subject,
        message_attributes={
            name: {"Type": kind, "Value": value}
            for name, (kind, value) in (attributes or {}).items()
        },
    )


def is_there(arn: str) -> bool:
    """Tell whether there is such a queue or topic."""
    account, region = account_and_region(arn)
    if service_of(arn) == "sqs":
        return arn.rpartition(":")[2] in sqs_backends[account][region].queues
    return arn in sns_backends[account][region].topics


def find_function(arn: str) -> LambdaFunction:
    """Return the function, version or alias; raises moto's UnknownFunctionException."""
    account, region = account_and_region(arn)
    return lambda_backends[account][region].get_function(arn)


def invoke(arn: str, payload: str, *, service: str = "", source: str = "") -> None:
    """Queue an asynchronous invocation of the function, for the service's resource `source`.

    Without a service the caller acts for itself, by the rights of its own role.

    Raises:
        NotPermittedError: the function's policy does not let the service invoke it.
    """
    function = find_function(arn)
    if service and not lets_invoke(function, f"{service}.amazonaws.com", source):
        raise NotPermittedError(f"{arn} does not let {service} invoke it for {source}")
    function.invoke(payload, {}, {})  # asynchronous: see awslambda.functions


def lets_invoke(function: LambdaFunction, service: str, source_arn: str) -> bool:
    """Tell whether the function's policy lets the service invoke it for the resource."""
    return lets_service(
        function.policy.statements,
        "lambda:InvokeFunction",
        function.function_arn,
        service,
        source_arn,
    )
