"""How one service of the embedded AWS sends to another: by ARN, and outside of the request.

What S3, SNS, EventBridge and Lambda's destinations have in common. A message that was accepted is
delivered at least once, also if the server is killed before.
"""

import logging
import queue
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from moto.awslambda.models import LambdaFunction, lambda_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from local_aws.arns import account_and_region
from local_aws.iam.authorization import lets_service
from local_aws.state.accepted import Accepted
from local_aws.state.moto_services import changes
from local_aws.state.state import State

Message = TypeVar("Message")

_log = logging.getLogger(__name__)


class NotPermittedError(Exception):
    """The function's policy does not let the sender invoke it."""


class UnsupportedTargetError(Exception):
    """The embedded AWS does not send to what the ARN names."""


class Deliveries(Generic[Message]):
    """Sends messages one after another, outside of the request that caused them.

    `deliver(message)` sends one; `str(message)` describes it in the log if that fails. Messages
    pickle: they are kept as the part `name` of the state until they are delivered.
    """

    def __init__(self, name: str, deliver: Callable[[Message], None], state: State) -> None:
        self._deliver = deliver
        self._state = state
        self._queue: queue.SimpleQueue[tuple[str, Message] | None] = queue.SimpleQueue()
        self._accepted: Accepted[Message] = Accepted(
            state, name, lambda key, message: self._queue.put((key, message))
        )
        threading.Thread(target=self._work, name=name, daemon=True).start()

    def send(self, message: Message) -> None:
        """Have the message delivered soon."""
        self._queue.put((self._accepted.add(message), message))

    def close(self) -> None:
        """Send nothing more after what is queued now."""
        self._queue.put(None)

    def _work(self) -> None:
        delivered: list[str] = []
        while entry := self._queue.get():
            key, message = entry
            try:
                with changes(self._state):
                    self._deliver(message)
            except Exception:
                _log.exception("%s was not delivered", message)
            delivered.append(key)
            if self._queue.empty():  # one wait for the disk, however many were queued
                self._accepted.settle(delivered)
                delivered.clear()


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
