"""A second account in the embedded AWS."""

from typing import Any

from local_aws.client import Connection

OTHER = "210987654321"


def of_other_account(aws: Connection, service: str) -> Any:
    """Return a client of OTHER's administrator: moto takes the account from a header."""
    client = aws.client(service)

    def name_account(request: Any, **_: Any) -> None:
        request.headers["x-moto-account-id"] = OTHER

    client.meta.events.register("before-sign", name_account)
    return client
