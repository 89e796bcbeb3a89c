"""What a bucket is asked to notify: read, checked, and answered again.

What this restores of AWS's behaviour, where moto 5.2 differs:

- Filter rules are named `Prefix` and `Suffix` in any case, and are answered with capitals. A rule
  without a value filters nothing. moto answers HTTP 500 to both.
- A function, queue or topic that is told has to be there, and a function to let S3 invoke it.
- That EventBridge is told of a bucket is answered too, so that who reads, changes and writes back
  a configuration does not end it.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html
"""

from collections.abc import Iterator
from typing import Any

import xmltodict
from moto.awslambda.exceptions import UnknownFunctionException
from moto.core.responses import ActionResult
from moto.s3.exceptions import InvalidArgumentError, InvalidNotificationARN, S3ClientError
from moto.s3.responses import S3Response

from local_aws.arns import service_of
from local_aws.messaging.deliveries import find_function, is_there, lets_invoke
from local_aws.wrapping import Original, replace, wrap

# The element, the service and the member of GetBucketNotificationConfiguration's answer.
_DESTINATIONS = (
    ("Topic", "sns", "TopicConfigurations", "TopicArn"),
    ("Queue", "sqs", "QueueConfigurations", "QueueArn"),
    ("CloudFunction", "lambda", "LambdaFunctionConfigurations", "LambdaFunctionArn"),
)
_EVENT_BRIDGE = "EventBridgeConfiguration"
_NAMES = ("prefix", "suffix")  # as moto's events are held against them


class InvalidDestinationError(InvalidArgumentError):
    """A destination does not exist, or does not let S3 send to it."""

    def __init__(self, arn: str, problem: str) -> None:
        super().__init__(
            "Unable to validate the following destination configurations", arn, problem
        )


class InvalidFilterRuleError(S3ClientError):
    """A filter rule has neither of the two names that there are."""

    def __init__(self) -> None:
        super().__init__("InvalidArgument", "filter rule name must be either prefix or suffix")


def install() -> None:
    """Replace moto's reading of a configuration, and complete its answer."""
    replace(S3Response, _notification_config_from_body=_read)
    wrap(S3Response, "get_bucket_notification", _answer)


def _read(response: S3Response) -> dict[str, Any]:
    """Return what PutBucketNotificationConfiguration is given as moto keeps it."""
    given = xmltodict.parse(response.body)["NotificationConfiguration"] or {}
    is_checked = response.headers.get("x-amz-skip-destination-validation", "").lower() != "true"
    read: dict[str, Any] = {_EVENT_BRIDGE: {}} if _EVENT_BRIDGE in given else {}
    for element, service, _, _ in _DESTINATIONS:
        configurations = _listed(given.get(f"{element}Configuration"))
        for one in configurations:
            _check_arn(one[element], service)
            one["Event"] = _listed(one["Event"])
            one["Filter"] = _filter(one.get("Filter"))
            if is_checked:
                _check_destination(one[element], response.bucket_name)
        if configurations:
            read[f"{element}Configuration"] = configurations
    return read


def _listed(value: Any) -> list[Any]:
    """Return what may be none, one or several elements."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _filter(given: dict[str, Any] | None) -> dict[str, Any]:
    rules = _listed(((given or {}).get("S3Key") or {}).get("FilterRule"))
    for rule in rules:
        rule["Name"], rule["Value"] = rule["Name"].lower(), rule.get("Value") or ""
        if rule["Name"] not in _NAMES:
            raise InvalidFilterRuleError
    return {"S3Key": {"FilterRule": rules}} if rules else {}


def _check_arn(arn: str, service: str) -> None:
    if not arn.startswith("arn:") or service_of(arn) != service:
        raise InvalidNotificationARN


def _check_destination(arn: str, bucket: str) -> None:
    if service_of(arn) != "lambda":
        if not is_there(arn):
            kind = "queue" if service_of(arn) == "sqs" else "topic"
            raise InvalidDestinationError(arn, f"The destination {kind} does not exist")
        return
    try:
        function = find_function(arn)
    except UnknownFunctionException as error:
        raise InvalidDestinationError(arn, "The destination Lambda does not exist") from error
    if not lets_invoke(function, "s3.amazonaws.com", f"arn:aws:s3:::{bucket}"):
        raise InvalidDestinationError(arn, f"Not authorized to invoke function [{arn}]")


def _answer(original: Original, response: S3Response) -> Any:
    kept = response.backend.get_bucket_notification_configuration(response.bucket_name)
    if not kept:
        return original(response)
    told = {"Topic": kept.topic, "Queue": kept.queue, "CloudFunction": kept.cloud_function}
    answer: dict[str, Any] = {
        member: [_described(one, arn) for one in told[element]]
        for element, _, member, arn in _DESTINATIONS
        if told[element]
    }
    if kept.event_bridge is not None:
        answer[_EVENT_BRIDGE] = {}
    response.data["Action"] = "GetBucketNotificationConfiguration"
    return response.serialized(ActionResult(answer))


def _described(notification: Any, arn: str) -> dict[str, Any]:
    rules = list(_rules(notification.filters))
    filtered = {"Filter": {"Key": {"FilterRules": rules}}} if rules else {}
    return {"Id": notification.id, arn: notification.arn, "Events": notification.events, **filtered}


def _rules(filters: dict[str, Any]) -> Iterator[dict[str, str]]:
    for rule in filters.get("S3Key", {}).get("FilterRule", []):
        yield {"Name": rule["Name"].capitalize(), "Value": rule["Value"]}
