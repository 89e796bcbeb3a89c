"""Amazon Resource Names, taken apart.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
"""

from typing import NamedTuple


class Arn(NamedTuple):
    """`arn:partition:service:region:account:resource`; some services leave region or account empty.

    The resource may hold colons and slashes of its own.
    """

    partition: str
    service: str
    region: str
    account: str
    resource: str


def parse(arn: str) -> Arn:
    """Return the parts of the ARN.

    Raises:
        ValueError: the text is not an ARN.
    """
    prefix, *parts = arn.split(":", 5)
    if prefix != "arn" or len(parts) != len(Arn._fields):
        raise ValueError(f"{arn!r} is not an ARN: arn:partition:service:region:account:resource")
    return Arn(*parts)


def service_of(arn: str) -> str:
    """Return the service in an ARN: `sqs`, `sns`, `lambda`, `states`, `events`."""
    return parse(arn).service


def account_and_region(arn: str) -> tuple[str, str]:
    """Return the account and the region in an ARN."""
    parts = parse(arn)
    return parts.account, parts.region
