"""Buckets of CloudFormation: each group of properties is a call of S3's own.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html
"""

import json
from collections.abc import Callable
from typing import Any

import boto3

Properties = dict[str, Any]


def create_bucket(session: boto3.Session, properties: Properties) -> tuple[str, dict[str, str]]:
    """Make the bucket, and put all that its properties say."""
    s3, name = session.client("s3"), properties["BucketName"]
    place: Any = {"CreateBucketConfiguration": {"LocationConstraint": session.region_name}}
    s3.create_bucket(Bucket=name, **({} if session.region_name == "us-east-1" else place))
    put_bucket(session, name, properties)
    return name, {"Arn": f"arn:aws:s3:::{name}", "DomainName": f"{name}.s3.amazonaws.com"}


def put_bucket(session: boto3.Session, name: str, properties: Properties) -> None:
    """Put what the properties say."""
    s3: Any = session.client("s3")
    calls: dict[str, tuple[Any, Callable[[Properties], Properties]]] = {
        "VersioningConfiguration": (s3.put_bucket_versioning, dict),
        "PublicAccessBlockConfiguration": (s3.put_public_access_block, dict),
        "LifecycleConfiguration": (s3.put_bucket_lifecycle_configuration, _lifecycle),
        "NotificationConfiguration": (s3.put_bucket_notification_configuration, _notification),
    }
    for member, (call, form) in calls.items():
        if member in properties:
            call(Bucket=name, **{member: form(properties[member])})
    if tags := properties.get("Tags"):
        s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tags})
    if encryption := properties.get("BucketEncryption"):
        _put_encryption(s3, name, encryption)


def remove_bucket(session: boto3.Session, name: str, _: Properties) -> None:
    """Delete the bucket, which has to be empty."""
    session.client("s3").delete_bucket(Bucket=name)


def create_policy(session: boto3.Session, properties: Properties) -> tuple[str, dict[str, str]]:
    """Put the bucket's policy; its id is the bucket's name."""
    bucket: str = properties["Bucket"]
    change_policy(session, bucket, properties)
    return bucket, {}


def change_policy(session: boto3.Session, bucket: str, properties: Properties) -> None:
    """Put the bucket's policy."""
    document = properties["PolicyDocument"]
    text = document if isinstance(document, str) else json.dumps(document)
    session.client("s3").put_bucket_policy(Bucket=bucket, Policy=text)


def remove_policy(session: boto3.Session, bucket: str, _: Properties) -> None:
    """Delete the bucket's policy."""
    session.client("s3").delete_bucket_policy(Bucket=bucket)


def _put_encryption(s3: Any, name: str, encryption: Properties) -> None:
    by_default = "ApplyServerSideEncryptionByDefault"
    rules = [
        {
            by_default if key == "ServerSideEncryptionByDefault" else key: value
            for key, value in rule.items()
        }
        for rule in encryption["ServerSideEncryptionConfiguration"]
    ]
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": rules})


def _lifecycle(configuration: Properties) -> Properties:
    return {"Rules": [_rule(rule) for rule in configuration["Rules"]]}


_EXPIRATION = {
    "ExpirationInDays": "Days",
    "ExpirationDate": "Date",
    "ExpiredObjectDeleteMarker": "ExpiredObjectDeleteMarker",
}


def _rule(rule: Properties) -> Properties:
    """S3 names the id and the days of a transition otherwise, has the prefix in a filter, and what
    is about expiration in one member.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-s3-bucket-rule.html
    """
    elsewhere = {"Prefix", *_EXPIRATION}
    kept = {"ID" if key == "Id" else key: value for key, value in rule.items()}
    kept = {key: value for key, value in kept.items() if key not in elsewhere}
    expiration = {api: rule[key] for key, api in _EXPIRATION.items() if key in rule}
    transitions = [
        {"Days" if key == "TransitionInDays" else key: value for key, value in one.items()}
        for one in rule.get("Transitions", [])
    ]
    by_prefix = {"Filter": {"Prefix": rule.get("Prefix", "")}}
    return (
        kept
        | by_prefix
        | ({"Transitions": transitions} if transitions else {})
        | ({"Expiration": expiration} if expiration else {})
    )


def _notification(configuration: Properties) -> Properties:
    kinds = {
        "LambdaConfigurations": ("LambdaFunctionConfigurations", "Function", "LambdaFunctionArn"),
        "QueueConfigurations": ("QueueConfigurations", "Queue", "QueueArn"),
        "TopicConfigurations": ("TopicConfigurations", "Topic", "TopicArn"),
    }
    found: Properties = {}
    for kind, (api_kind, target, arn) in kinds.items():
        for one in configuration.get(kind, []):
            rules = one.get("Filter", {}).get("S3Key", {}).get("Rules")
            filtered = {"Filter": {"Key": {"FilterRules": rules}}} if rules else {}
            entry = {arn: one[target], "Events": [one["Event"]], **filtered}
            found.setdefault(api_kind, []).append(entry)
    return found
