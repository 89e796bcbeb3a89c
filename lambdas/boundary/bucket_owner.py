"""Buckets of one account only: whoever else owns one of that name gets and gives nothing.

The name of a stage's bucket can be guessed, and whoever creates a bucket first owns its name.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html
"""

from typing import Any

# Of the bucket that a call is about, and of the one that it copies from.
_OWNERS = ("ExpectedBucketOwner", "ExpectedSourceBucketOwner")


def of_account(client: Any, account: str) -> Any:
    """Have each call of a client of S3 name the account that has to own the bucket; return it.

    S3 answers 403, AccessDenied, if another account owns the bucket. Clients of other services
    stay as they are. A call that names an owner keeps it.
    """

    def name_owner(params: dict[str, Any], model: Any, **_: Any) -> None:
        members = model.input_shape.members if model.input_shape else {}
        for owner in _OWNERS:
            if owner in members:
                params.setdefault(owner, account)

    client.meta.events.register("provide-client-params.s3", name_owner)
    return client
