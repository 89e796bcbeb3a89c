"""Policy documents, and the statements that they consist of."""

from typing import Any

Statement = dict[str, Any]
Policy = dict[str, Any]


def allow(
    sid: str,
    actions: list[str],
    resources: list[str],
    condition: dict[str, Any] | None = None,
) -> Statement:
    """Return a statement; `sid` says in one word what it is for."""
    statement = {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources}
    return statement | ({"Condition": condition} if condition else {})


def deny(sid: str, actions: list[str], resources: list[str]) -> Statement:
    """Return a statement that takes from what others allow."""
    return {"Sid": sid, "Effect": "Deny", "Action": actions, "Resource": resources}


def policy(*statements: Statement) -> Policy:
    """Return a policy document of the statements."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def in_buckets_of(account: str, document: Policy) -> Policy:
    """Return the policy with what it allows of S3 held to the buckets of the account.

    An ARN of a bucket names no account, and whoever creates a bucket first owns its name.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-resourceaccount
    """
    owner = {"Condition": {"StringEquals": {"aws:ResourceAccount": account}}}
    return policy(
        *(
            each | (owner if each["Effect"] == "Allow" and _is_of_s3(each) else {})
            for each in document["Statement"]
        )
    )


def _is_of_s3(statement: Statement) -> bool:
    return any(action.startswith("s3:") for action in statement["Action"])


def trust(service: str, condition: dict[str, Any] | None = None) -> Policy:
    """Return the trust policy of a role that `service` assumes."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
    }
    return policy(statement | ({"Condition": condition} if condition else {}))
