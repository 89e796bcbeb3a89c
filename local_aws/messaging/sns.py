"""What a topic sends to those who subscribed to it.

https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html

What this restores of AWS's behaviour, where moto 5.2 differs:

- A function gets the whole event, and gets it through Lambda's queue of asynchronous invocations.
  moto sends placeholders.
- A message for a subscriber that cannot be reached is a dead letter. In moto it fails the Publish,
  and those who subscribed later get nothing.
- The link to unsubscribe names the subscription.
- A queue that gets messages raw gets the bytes of a binary attribute. In moto it gets their base64
  text, on which ReceiveMessage fails.
"""

import base64
import json
from functools import partial
from typing import Any

from moto.sns.exceptions import InvalidParameterValue
from moto.sns.models import Subscription

from local_aws.arns import account_and_region
from local_aws.context import Context
from local_aws.messaging.deliveries import invoke, send_at_once
from local_aws.wrapping import Original, wrap


def install(context: Context) -> None:
    """Replace what moto's subscriptions send."""

    def publish(
        original: Original, self: Subscription, message: str, message_id: str, **options: Any
    ) -> None:
        try:
            send_at_once(partial(_publish, original, self, message, message_id, **options))
        except InvalidParameterValue:  # the publisher's own mistake
            raise
        except Exception as error:
            context.dead_letters.add(f"message {message_id} of {self.arn}: {message}", error)

    wrap(Subscription, "publish", publish)
    wrap(Subscription, "get_post_data", _notification)


def function_event(subscription_arn: str, notification: dict[str, Any]) -> dict[str, Any]:
    """Return the event of a function for what other subscribers get as a notification."""
    renamed = {"SigningCertURL": "SigningCertUrl", "UnsubscribeURL": "UnsubscribeUrl"}
    message = {renamed.get(name, name): value for name, value in notification.items()}
    record = {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription_arn,
        "Sns": {"Subject": None, "MessageAttributes": {}, **message},
    }
    return {"Records": [record]}


def _publish(
    original: Original, self: Subscription, message: str, message_id: str, **options: Any
) -> None:
    if self.protocol == "lambda":
        _publish_to_function(self, message, message_id, **options)
    else:
        if self.protocol == "sqs" and self.attributes.get("RawMessageDelivery"):
            options["message_attributes"] = _decoded(options.get("message_attributes") or {})
        original(self, message, message_id, **options)


def _publish_to_function(
    self: Subscription,
    message: str,
    message_id: str,
    *,
    subject: str | None = None,
    message_attributes: dict[str, Any] | None = None,
    message_structure: str | None = None,
    **_fifo: Any,
) -> None:
    matcher = self._filter_policy_matcher
    if matcher is not None and not matcher.matches(message_attributes, message):
        return
    if message_structure == "json":
        message = self._parse_message_structure(message, self.protocol)
    notification = self.get_post_data(message, message_id, subject, message_attributes)
    event = json.dumps(function_event(self.arn, notification))
    invoke(self.endpoint, event, service="sns", source=self.topic.arn)


def _notification(
    original: Original, self: Subscription, *args: Any, **options: Any
) -> dict[str, Any]:
    notification: dict[str, Any] = original(self, *args, **options)
    _, region = account_and_region(self.topic.arn)
    notification["UnsubscribeURL"] = (
        f"https://sns.{region}.amazonaws.com/?Action=Unsubscribe&SubscriptionArn={self.arn}"
    )
    return notification


def _decoded(attributes: dict[str, Any]) -> dict[str, Any]:
    return {
        name: {**attribute, "Value": base64.b64decode(attribute["Value"])}
        if attribute["Type"].startswith("Binary")
        else attribute
        for name, attribute in attributes.items()
    }
