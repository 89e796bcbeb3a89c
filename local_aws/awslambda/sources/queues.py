"""Queues that invoke functions: Lambda polls them, batch by batch, outside of any request.

What this restores of AWS's behaviour, where moto 5.2 differs:

- Whoever sends does not wait for the function. moto invokes it inside SendMessage.
- A batch is one event of all of its messages, with their attributes; moto sends an event for each,
  most of it made up.
- What fails comes again when the visibility timeout is over, or goes to the dead-letter queue.
  `batchItemFailures` gives back some of a batch, and FilterCriteria drop what nobody wants.
- What was sent before the mapping, or while it was disabled, is read too. A mapping that was
  deleted reads nothing more.
- The role has to be allowed to read the queue, and the queue to hide messages for as long as the
  function may run.

https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
"""

import json
import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from moto.awslambda.exceptions import InvalidParameterValueException, LambdaClientError
from moto.awslambda.models import (
    EventSourceMapping,
    LambdaBackend,
    LambdaFunction,
    lambda_backends,
)
from moto.sqs.models import Message, Queue, sqs_backends

from local_aws.awslambda.asynchronous import ThrottledError
from local_aws.awslambda.functions import event_of
from local_aws.awslambda.roles import session_of
from local_aws.awslambda.service import LambdaService
from local_aws.awslambda.sources.batches import REPORTS_FAILURES, failed_of, record_of, wanted
from local_aws.context import Context
from local_aws.iam.authorization import allows
from local_aws.messaging.deliveries import find_function
from local_aws.state.moto_services import changes
from local_aws.state.state import State
from local_aws.wrapping import Original, replace, wrap

CONCURRENT_BATCHES = 8
_LOOK_EVERY = 0.5  # seconds: messages come back into sight without a call
_READING = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")

_log = logging.getLogger(__name__)


class MappingExistsError(LambdaClientError):
    """The function reads the queue already."""

    code = 409

    def __init__(self, mapping: EventSourceMapping) -> None:
        super().__init__(
            "ResourceConflictException",
            f'An event source mapping with SQS arn (" {mapping.event_source_arn} ") and function '
            f'(" {mapping.function_name} ") already exists. Please update or delete the existing '
            f"mapping with UUID {mapping.uuid}",
        )


class Pollers:
    """Reads the queues of all mappings, and invokes their functions."""

    def __init__(self, service: LambdaService, state: State) -> None:
        self._service = service
        self._state = state
        self._woken = threading.Event()
        self._closed = False
        self._room = threading.Semaphore(CONCURRENT_BATCHES)
        self._workers = ThreadPoolExecutor(CONCURRENT_BATCHES, thread_name_prefix="lambda-batch")
        self._problems: dict[str, str] = {}  # by the mapping's UUID
        state.after_restore(
            threading.Thread(target=self._work, name="lambda-queues", daemon=True).start
        )

    def look(self) -> None:
        """Have the queues looked at: something has changed."""
        self._woken.set()

    def close(self) -> None:
        """Read nothing more."""
        self._closed = True
        self._woken.set()
        self._workers.shutdown(wait=False, cancel_futures=True)

    def _work(self) -> None:
        while not self._closed:
            self._woken.clear()
            mappings = list(_enabled())
            for mapping in mappings:
                self._read_if_possible(mapping)
            self._woken.wait(_LOOK_EVERY if mappings else None)

    def _read_if_possible(self, mapping: EventSourceMapping) -> None:
        try:
            self._read(mapping)
            self._problems.pop(mapping.uuid, None)
        except Exception as error:  # whatever it is, the other mappings go on
            problem = f"{type(error).__name__}: {error}"
            if self._problems.get(mapping.uuid) != problem:
                _log.warning("%s is not read: %s", mapping.event_source_arn, problem)
            self._problems[mapping.uuid] = problem

    def _read(self, mapping: EventSourceMapping) -> None:
        """Take batches while there are messages, and room for them."""
        queue = _queue_of(mapping)
        while queue is not None and queue.messages and self._room.acquire(blocking=False):
            messages: list[Message] = []
            try:
                function = find_function(mapping.function_arn)
                _check_may_read(function, mapping.event_source_arn)
                messages = self._receive(queue, function, mapping)
            finally:
                if not messages:
                    self._room.release()
            if not messages:  # what there is is of groups under way, or was moved
                return
            self._workers.submit(self._handle, mapping, function, queue, messages)

    def _receive(
        self, queue: Queue, function: LambdaFunction, mapping: EventSourceMapping
    ) -> list[Message]:
        hidden = max(_visibility(queue), function.timeout)
        with changes(self._state):
            return _backend_of(queue).receive_message(
                queue.name, mapping.batch_size, 0, hidden, ["All"]
            )

    def _handle(
        self,
        mapping: EventSourceMapping,
        function: LambdaFunction,
        queue: Queue,
        messages: list[Message],
    ) -> None:
        try:
            failed = self._failed(mapping, function, messages)
            with changes(self._state):
                for message in messages:
                    if message.id not in failed:
                        _backend_of(queue).delete_message(queue.name, str(message.receipt_handle))
        except Exception:
            _log.exception("a batch of %s", mapping.event_source_arn)
        finally:
            self._room.release()
            self.look()

    def _failed(
        self, mapping: EventSourceMapping, function: LambdaFunction, messages: list[Message]
    ) -> set[str]:
        """Invoke the function; return the messages that it gives back."""
        records = [record_of(message, mapping.event_source_arn) for message in messages]
        records = [record for record in records if wanted(record, mapping.filter_criteria)]
        if not records:
            return set()
        ids = [record["messageId"] for record in records]
        event = event_of(json.dumps({"Records": records}).encode(), {})
        try:
            outcome = self._service.invoke(function, event)
        except ThrottledError:
            return set(ids)
        if outcome.failed:
            return set(ids)
        reports = REPORTS_FAILURES in (mapping.function_response_types or [])
        return failed_of(outcome.payload, ids) if reports else set()


def install(context: Context, service: LambdaService) -> None:
    """Read queues in place of moto, which sends their messages on where they are sent."""
    pollers = Pollers(service, context.state)
    context.register_shutdown(pollers.close)

    def looking(original: Original, *given: Any, **named: Any) -> Any:
        answer = original(*given, **named)
        pollers.look()
        return answer

    # moto's own delivery finds no mapping at the queue.
    replace(Queue, lambda_event_source_mappings=property(lambda _: {}, lambda *_: None))
    wrap(Queue, "add_message", looking)
    wrap(LambdaBackend, "create_event_source_mapping", _create)
    for name in ("create_event_source_mapping", "update_event_source_mapping"):
        wrap(LambdaBackend, name, looking)


def _create(original: Original, backend: LambdaBackend, spec: dict[str, Any]) -> Any:
    """https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html"""
    arn = spec.get("EventSourceArn") or ""
    if ":sqs:" in arn:
        function = backend.get_function(spec["FunctionName"])
        for mapping in backend.list_event_source_mappings(arn, ""):
            if mapping.function_arn == function.function_arn:
                raise MappingExistsError(mapping)
        _check_may_read(function, arn)
        _check_visibility(function, arn)
    return original(backend, spec)


def _check_may_read(function: LambdaFunction, queue_arn: str) -> None:
    for action in _READING:
        if not allows(session_of(function), f"sqs:{action}", queue_arn):
            raise InvalidParameterValueException(
                f"The function execution role does not have permissions to call {action} on SQS"
            )


def _check_visibility(function: LambdaFunction, queue_arn: str) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html"""
    queue = _queue(queue_arn)
    if queue is not None and _visibility(queue) < function.timeout:
        raise InvalidParameterValueException(
            f"Queue visibility timeout: {_visibility(queue)} seconds is less than "
            f"Function timeout: {function.timeout} seconds"
        )


def _visibility(queue: Any) -> int:
    """Return how long a message that was received is hidden, in seconds."""
    return int(queue.visibility_timeout)


def _enabled() -> Iterator[EventSourceMapping]:
    for regions in list(lambda_backends.values()):
        for backend in list(regions.values()):
            for mapping in list(backend._event_source_mappings.values()):
                if mapping.enabled and ":sqs:" in mapping.event_source_arn:
                    yield mapping


def _queue_of(mapping: EventSourceMapping) -> Queue | None:
    return _queue(mapping.event_source_arn)


def _queue(arn: str) -> Queue | None:
    _, _, _, region, account, name = arn.split(":", 5)
    found: Queue | None = sqs_backends[account][region].queues.get(name)
    return found


def _backend_of(queue: Queue) -> Any:
    return sqs_backends[queue.account_id][queue.region]
