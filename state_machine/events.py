"""What events come in by, go out by, and where those are kept that could not be handled.

topic  <prefix>-retrain        asks for retraining: an alarm, or anything that publishes JSON
topic  <prefix>-announcements  tells of executions that ended without success,
                               and of models that were registered, approved or rejected
queue  <prefix>-failed-events  keeps events that a Lambda could not handle after its retries
"""

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

from state_machine.names import Names

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

TOPICS = ("retrain", "announcements")
FAILED_EVENTS = "failed-events"
CHALICES_TARGET = "1"  # the one target of every rule that Chalice makes

# Lambda keeps an asynchronous event for at most six hours and retries it at most twice:
# https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
MAXIMUM_EVENT_AGE_SECONDS = 6 * 3600
MAXIMUM_RETRY_ATTEMPTS = 2
# SQS's maximum: time to come back from a holiday and replay.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
RETENTION_SECONDS = 14 * 24 * 3600
# Lambda refuses a destination that the function's role may not send to, and a policy that has just
# been put takes some seconds to be known everywhere:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html
PROPAGATION_PAUSES = (2.0, 4.0, 8.0, 16.0)


def ensure_topics(names: Names, sns: "SNSClient") -> None:
    """Create both topics; repeatable, because CreateTopic returns the one that is there."""
    for topic in TOPICS:
        sns.create_topic(Name=names.topic(topic))


def ensure_failed_events_queue(names: Names, sqs: "SQSClient") -> None:
    """Create the encrypted queue, or bring the one that is there up to date; repeatable."""
    # Without attributes: CreateQueue refuses others than those of the queue that is there.
    url = sqs.create_queue(QueueName=names.queue(FAILED_EVENTS))["QueueUrl"]
    sqs.set_queue_attributes(
        QueueUrl=url,
        Attributes={
            "MessageRetentionPeriod": str(RETENTION_SECONDS),
            "SqsManagedSseEnabled": "true",
        },
    )


def keep_failed_events(
    names: Names,
    functions: Iterable[str],
    lambdas: "LambdaClient",
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Let Lambda send what each of `functions` could not handle to the queue; repeatable.

    `pause` waits a number of seconds for the functions' policy to become known.
    """
    for function in functions:
        _keep_failed_events(names, function, lambdas, pause)


def remove_schedule(
    names: Names, function: str, events: "EventBridgeClient", lambdas: "LambdaClient"
) -> None:
    """Remove the schedule of `function`, and the function, where they are; repeatable."""
    rule = names.rule(function)
    for remove in (
        lambda: events.remove_targets(Rule=rule, Ids=[CHALICES_TARGET]),
        lambda: events.delete_rule(Name=rule),
    ):
        with suppress(events.exceptions.ResourceNotFoundException):
            remove()
    with suppress(lambdas.exceptions.ResourceNotFoundException):
        lambdas.delete_function(FunctionName=names.function(function))


def _keep_failed_events(
    names: Names, function: str, lambdas: "LambdaClient", pause: Callable[[float], None]
) -> None:
    for seconds in (*PROPAGATION_PAUSES, None):
        try:
            lambdas.put_function_event_invoke_config(
                FunctionName=names.function(function),
                MaximumRetryAttempts=MAXIMUM_RETRY_ATTEMPTS,
                MaximumEventAgeInSeconds=MAXIMUM_EVENT_AGE_SECONDS,
                DestinationConfig={"OnFailure": {"Destination": names.queue_arn(FAILED_EVENTS)}},
            )
        except lambdas.exceptions.InvalidParameterValueException:
            if seconds is None:
                raise
            pause(seconds)
        else:
            return
