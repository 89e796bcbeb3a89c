"""The embedded AWS's own routes, beside those of AWS, asked with the key of its folder."""

import base64
import urllib.request

from local_aws.client import Connection


def ask(aws: Connection, path: str, data: bytes | None = None, method: str | None = None) -> bytes:
    """Return the body of the answer; raises urllib's HTTPError for a refusal."""
    request = urllib.request.Request(
        f"{aws.endpoint}{path}", data=data, method=method, headers=with_key(aws)
    )
    with urllib.request.urlopen(request) as answer:
        body: bytes = answer.read()
    return body


def with_key(aws: Connection) -> dict[str, str]:
    """Return the header by which a request that is not AWS's carries the key."""
    given = aws.environment()
    password = f"{given['AWS_ACCESS_KEY_ID']}:{given['AWS_SECRET_ACCESS_KEY']}"
    return {"Authorization": f"Basic {base64.b64encode(password.encode()).decode()}"}
