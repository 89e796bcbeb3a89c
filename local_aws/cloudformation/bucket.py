"""Buckets of CloudFormation: each group of properties is a call of S3's own.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html
"""

import json
from collections.abc import Callable
from typing import Any

import boto3

from local_aws.cloudformation.properties import Properties, check_names, removed_if_it_fails

_NAMES = (
    "BucketEncryption",
    "BucketName",
    "CorsConfiguration",
    "LifecycleConfiguration",
    "NotificationConfiguration",
    "ObjectLockConfiguration",
    "ObjectLockEnabled",
    "OwnershipControls",
    "PublicAccessBlockConfiguration",
    "Tags",
    "VersioningConfiguration",
    "WebsiteConfiguration",
)


def create_bucket(session: boto3.Session, properties: Properties) -> tuple[str, dict[str, str]]:
    """Make the bucket, and put all that its properties say."""
    s3, name = session.client("s3"), properties["BucketName"]
    place: Any = {"CreateBucketConfiguration": {"LocationConstraint": session.region_name}}
    locked: Any = {"ObjectLockEnabledForBucket": properties.get("ObjectLockEnabled", False)}
    check_names("AWS::S3::Bucket", properties, _NAMES)
    s3.create_bucket(Bucket=name, **locked, **({} if session.region_name == "us-east-1" else place))
    with removed_if_it_fails(lambda: s3.delete_bucket(Bucket=name)):
        put_bucket(session, name, properties)
    return name, {
        "Arn": f"arn:aws:s3:::{name}",
        "DomainName": f"{name}.s3.amazonaws.com",
        "DualStackDomainName": f"{name}.s3.dualstack.{session.region_name}.amazonaws.com",
        "RegionalDomainName": f"{name}.s3.{session.region_name}.amazonaws.com",
        "WebsiteURL": f"http://{name}.s3-website-{session.region_name}.amazonaws.com",
    }


def put_bucket(session: boto3.Session, name: str, properties: Properties) -> None:
    """Put what the properties say."""
    s3: Any = session.client("s3")
    calls: dict[str, tuple[Any, Callable[[Properties], Properties]]] = {
        "VersioningConfiguration": (s3.put_bucket_versioning, dict),
        "PublicAccessBlockConfiguration": (s3.put_public_access_block, dict),
        "LifecycleConfiguration": (s3.put_bucket_lifecycle_configuration, _lifecycle),
        "NotificationConfiguration": (s3.put_bucket_notification_configuration, _notification),
        "OwnershipControls": (s3.put_bucket_ownership_controls, dict),
        "ObjectLockConfiguration": (s3.put_object_lock_configuration, _object_lock),
        "WebsiteConfiguration": (s3.put_bucket_website, dict),
    }
    for member, (call, form) in calls.items():
        if member in properties:
            call(Bucket=name, **{member: form(properties[member])})
    if cors := properties.get("CorsConfiguration"):
        s3.put_bucket_cors(Bucket=name, CORSConfiguration=_cors(cors))
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


def _cors(configuration: Properties) -> Properties:
    """S3 names the headers and the age of a rule otherwise.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-s3-bucket-corsrule.html
    """
    names = {"Id": "ID", "MaxAge": "MaxAgeSeconds", "ExposedHeaders": "ExposeHeaders"}
    rules = configuration["CorsRules"]
    return {"CORSRules": [{names.get(key, key): rule[key] for key in rule} for rule in rules]}


def _object_lock(configuration: Properties) -> Properties:
    return {"ObjectLockEnabled": "Enabled", **configuration}


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
    bridge = configuration.get("EventBridgeConfiguration") or {}
    enabled = str(bridge.get("EventBridgeEnabled", bool(bridge))).lower() == "true"
    found: Properties = {"EventBridgeConfiguration": {}} if enabled else {}
    for kind, (api_kind, target, arn) in kinds.items():
        for one in configuration.get(kind, []):
            rules = one.get("Filter", {}).get("S3Key", {}).get("Rules")
            filtered = {"Filter": {"Key": {"FilterRules": rules}}} if rules else {}
            entry = {arn: one[target], "Events": [one["Event"]], **filtered}
            found.setdefault(api_kind, []).append(entry)
    return found
