"""What an optimized integration tells of the call itself, besides the service's answer.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html shows all members. The
`aws-sdk:` tasks tell nothing of it.
"""

from collections.abc import Mapping
from typing import Any

_MEMBERS = ("SdkHttpMetadata", "SdkResponseMetadata")


def attach(client: Any) -> Any:
    """Have every answer of the boto3 client say by what it came; return the client."""
    client.meta.events.register("after-call", _note)
    return client


def without(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer alone, as a service gives it."""
    return {
        name: value for name, value in answer.items() if name not in (*_MEMBERS, "ResponseMetadata")
    }


def _note(http_response: Any, parsed: dict[str, Any], **_: Any) -> None:
    headers = {str(name): str(value) for name, value in http_response.headers.items()}
    request = parsed.get("ResponseMetadata", {}).get("RequestId")
    noted = (
        {
            "AllHttpHeaders": {name: [value] for name, value in headers.items()},
            "HttpHeaders": headers,
            "HttpStatusCode": http_response.status_code,
        },
        {"RequestId": request},
    )
    parsed.update(zip(_MEMBERS, noted, strict=True))
