"""The one bucket of a stage."""

import json
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lambdas.runs.plan import CHECKPOINTS
from state_machine.account import NO_RULES, Account
from state_machine.artifacts.bundle import PREFIX as CODE_PREFIX
from state_machine.deployment import triggers
from state_machine.deployment.cloudformation import RETAINED, CfnResource, resource
from state_machine.deployment.resource import (
    Resource,
    Rights,
    Setting,
    counted,
    tag_list,
    tagging,
    tags_of,
    tags_setting,
)
from state_machine.errors import DeploymentError
from state_machine.names import Names

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# CreateBucket takes no LocationConstraint in the region that came first:
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
FIRST_REGION = "us-east-1"
# https://www.w3.org/TR/xml/#charsets; S3 says what a key may hold all the same:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
VERSIONING = "Enabled"
NO_VERSION = "null"  # the version id of what was put before there was versioning
ENCRYPTION, WITH_KEY = "AES256", "aws:kms"
BY_DEFAULT = "ApplyServerSideEncryptionByDefault"
PUBLIC_ACCESS_BLOCK = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
# What a registered model needs lies below runs/, so nothing that is current is ever deleted.
ABANDONED_UPLOAD_DAYS = 7
REPLACED_VERSION_DAYS = 90
RARELY_READ_DAYS = 30
OLD_CHECKPOINT_DAYS = 7  # a training replaces them at each epoch, and goes on at the newest

RIGHTS = Rights(
    "bucket",
    (
        "s3:CreateBucket",
        "s3:GetBucketNotification",
        "s3:GetBucketPolicy",
        "s3:GetBucketPublicAccessBlock",
        "s3:GetBucketVersioning",
        "s3:GetEncryptionConfiguration",
        "s3:GetLifecycleConfiguration",
        "s3:ListBucket",
        "s3:PutBucketNotification",
        "s3:PutBucketPolicy",
        "s3:PutBucketPublicAccessBlock",
        "s3:PutBucketVersioning",
        "s3:PutEncryptionConfiguration",
        "s3:PutLifecycleConfiguration",
    ),
    lambda names, _: names.bucket_arn,
)
# Of a bucket that is created with tags, s3:TagResource is asked for:
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
TAG_RIGHTS = tagging(
    "bucket",
    ("s3:GetBucketTagging", "s3:PutBucketTagging", "s3:TagResource"),
    lambda names, _: names.bucket_arn,
)


def lifecycle_rules() -> list[dict[str, Any]]:
    """What is left over goes, and runs move to cheaper storage when nobody reads them.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
    """
    return [
        {
            "ID": "left-overs",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": ABANDONED_UPLOAD_DAYS},
            "NoncurrentVersionExpiration": {"NoncurrentDays": REPLACED_VERSION_DAYS},
            # A training deletes old checkpoints: the markers stay when all versions are gone.
            "Expiration": {"ExpiredObjectDeleteMarker": True},
        },
        {
            "ID": "checkpoints",
            "Status": "Enabled",
            "Filter": {"Prefix": CHECKPOINTS},
            "NoncurrentVersionExpiration": {"NoncurrentDays": OLD_CHECKPOINT_DAYS},
        },
        {
            "ID": "runs",
            "Status": "Enabled",
            "Filter": {"Prefix": "runs/"},
            "Transitions": [{"Days": RARELY_READ_DAYS, "StorageClass": "INTELLIGENT_TIERING"}],
        },
    ]


def encryption(account: Account) -> dict[str, Any]:
    """The rule for objects that name no encryption: by S3's own keys, or by the account's.

    A bucket key has S3 ask KMS once in a while and not for each object:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
    """
    if not account.kms_key:
        return {BY_DEFAULT: {"SSEAlgorithm": ENCRYPTION}}
    by_default = {"SSEAlgorithm": WITH_KEY, "KMSMasterKeyID": account.kms_key}
    return {BY_DEFAULT: by_default, "BucketKeyEnabled": True}


def bucket_policy(names: Names) -> dict[str, Any]:
    """Refuse every request that is not encrypted on its way.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html
    """
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "OnlyTLS",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [names.bucket_arn, f"{names.bucket_arn}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }


class Bucket(Resource):
    """A versioned, encrypted bucket that nobody can open to the public."""

    kind = "bucket"

    def __init__(self, names: Names, s3: "S3Client", account: Account = NO_RULES) -> None:
        self.name = names.bucket
        self._account = account
        self._names = names
        self._s3 = s3

    def exists(self) -> bool:
        """Tell whether it is there.

        Raises:
            DeploymentError: it is, and somebody else's: its owner could replace the jobs' code.
        """
        try:
            self._s3.head_bucket(Bucket=self.name)
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            if status == HTTPStatus.NOT_FOUND:
                return False
            if status == HTTPStatus.FORBIDDEN:
                raise DeploymentError(
                    f"bucket {self.name}: found one of another account, or s3:ListBucket is not "
                    f"allowed on it; expected one of account {self._names.account}. Take another "
                    f"name in pipeline.toml or another --stage, or allow s3:ListBucket"
                ) from error
            raise
        return True

    def create(self) -> None:
        """Create it in the region of the stage, with the tags of the account."""
        region, tags = self._names.region, self._account.tags
        configuration: Any = {
            **({"LocationConstraint": region} if region != FIRST_REGION else {}),
            **({"Tags": tag_list(tags)} if tags else {}),
        }
        given: Any = {"CreateBucketConfiguration": configuration} if configuration else {}
        self._s3.create_bucket(Bucket=self.name, **given)

    def delete(self) -> None:
        """Delete every version of every object, and the bucket."""
        pages = self._s3.get_paginator("list_object_versions").paginate(Bucket=self.name)
        for page in pages:
            found = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
            self._delete_versions([{k: item[k] for k in ("Key", "VersionId")} for item in found])
        self._s3.delete_bucket(Bucket=self.name)

    def _delete_versions(self, versions: list[Any]) -> None:
        """Delete them in one call, but for those whose keys its XML cannot hold."""
        together = [each for each in versions if not _NO_XML.search(each["Key"])]
        if together:
            self._s3.delete_objects(Bucket=self.name, Delete={"Objects": together})
        for each in versions:
            if _NO_XML.search(each["Key"]):
                self._s3.delete_object(Bucket=self.name, **each)

    def holds(self) -> str:
        """Say how many objects are in it, without the code, which a deployment puts there."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.name)
        keys = [item["Key"] for page in pages for item in page.get("Contents", ())]
        return counted(sum(not key.startswith(CODE_PREFIX) for key in keys), "object")

    def settings(self) -> list[Setting]:
        """Everything but the notification, which belongs to the Lambda that hears of uploads."""
        return [
            # Two writes to one key of an unversioned bucket may raise a single event, and a run
            # could not say which of the two it read:
            # https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html
            Setting("versioning", VERSIONING, self._versioning, self._put_versioning, self._keeps),
            Setting(
                "encryption", encryption(self._account), self._encryption, self._put_encryption
            ),
            Setting("public access", PUBLIC_ACCESS_BLOCK, self._public_access, self._put_block),
            Setting("policy", bucket_policy(self._names), self._policy, self._put_policy),
            Setting("lifecycle", lifecycle_rules(), self._lifecycle, self._put_lifecycle),
            *tags_setting(self._account.tags, self._tags, self._put_tags),
        ]

    def template(self) -> dict[str, CfnResource]:
        """The bucket, which notifies once the Lambda's permission is there, and its policy."""
        rule = dict(encryption(self._account))
        rule["ServerSideEncryptionByDefault"] = rule.pop(BY_DEFAULT)
        notifications = triggers.upload_notifications(self._names)
        properties = {
            "BucketName": self.name,
            "VersioningConfiguration": {"Status": VERSIONING},
            "BucketEncryption": {"ServerSideEncryptionConfiguration": [rule]},
            "PublicAccessBlockConfiguration": PUBLIC_ACCESS_BLOCK,
            "LifecycleConfiguration": {"Rules": [_cfn_rule(each) for each in lifecycle_rules()]},
            "NotificationConfiguration": {"LambdaConfigurations": notifications},
            **({"Tags": tag_list(self._account.tags)} if self._account.tags else {}),
        }
        first = triggers.permission_id(triggers.UPLOADED)
        policy = {"Bucket": {"Ref": "Bucket"}, "PolicyDocument": bucket_policy(self._names)}
        return {
            "Bucket": resource("S3::Bucket", properties, DependsOn=first, **RETAINED),
            "BucketPolicy": resource("S3::BucketPolicy", policy, **RETAINED),
        }

    def _versioning(self) -> str | None:
        return self._s3.get_bucket_versioning(Bucket=self.name).get("Status")

    def _put_versioning(self, status: Any) -> None:
        self._s3.put_bucket_versioning(Bucket=self.name, VersioningConfiguration={"Status": status})

    def _keeps(self) -> bool:
        """Tell whether an object gets a version of its own, and can be read in it.

        After versioning was enabled for the first time objects may be missing for a while. AWS
        advises to write nothing for 15 minutes, and names no way to see that it is over:
        https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html
        """
        key = f"{CODE_PREFIX}first-version"
        version = self._s3.put_object(Bucket=self.name, Key=key).get("VersionId", NO_VERSION)
        if version == NO_VERSION:
            return False
        try:
            found = self._s3.head_object(Bucket=self.name, Key=key)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != HTTPStatus.NOT_FOUND:
                raise
            return False
        return found.get("VersionId") == version

    def _encryption(self) -> dict[str, Any] | None:
        found = self._or_none("get_bucket_encryption", "ServerSideEncryptionConfiguration")
        if found is None:
            return None
        rule = found["Rules"][0]
        by_key = {"BucketKeyEnabled": True} if rule.get("BucketKeyEnabled") else {}
        return {BY_DEFAULT: rule[BY_DEFAULT], **by_key}

    def _put_encryption(self, rule: Any) -> None:
        self._s3.put_bucket_encryption(
            Bucket=self.name, ServerSideEncryptionConfiguration={"Rules": [rule]}
        )

    def _public_access(self) -> Any:
        return self._or_none("get_public_access_block", "PublicAccessBlockConfiguration")

    def _put_block(self, block: Any) -> None:
        self._s3.put_public_access_block(Bucket=self.name, PublicAccessBlockConfiguration=block)

    def _policy(self) -> Any:
        found = self._or_none("get_bucket_policy", "Policy")
        return None if found is None else json.loads(found)

    def _put_policy(self, document: Any) -> None:
        self._s3.put_bucket_policy(Bucket=self.name, Policy=json.dumps(document))

    def _lifecycle(self) -> Any:
        return self._or_none("get_bucket_lifecycle_configuration", "Rules")

    def _put_lifecycle(self, rules: Any) -> None:
        self._s3.put_bucket_lifecycle_configuration(
            Bucket=self.name, LifecycleConfiguration={"Rules": rules}
        )

    def _tags(self) -> dict[str, str]:
        return tags_of(self._or_none("get_bucket_tagging", "TagSet") or ())

    def _put_tags(self, tags: dict[str, str]) -> None:
        """S3 replaces all tags together, so those that others put are put again."""
        together = {**self._tags(), **tags}
        self._s3.put_bucket_tagging(Bucket=self.name, Tagging={"TagSet": tag_list(together)})

    def _or_none(self, call: str, member: str) -> Any:
        """Return a member of the answer; None where S3 says that nothing of the kind is set."""
        try:
            return getattr(self._s3, call)(Bucket=self.name)[member]
        except ClientError as error:
            # NoSuchBucketPolicy, NoSuchTagSet, NoSuchLifecycleConfiguration, ...NotFoundError: 404.
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == HTTPStatus.NOT_FOUND:
                return None
            raise


def _cfn_rule(rule: dict[str, Any]) -> dict[str, Any]:
    renamed = {"Id": rule["ID"], "Status": rule["Status"], "Prefix": rule["Filter"]["Prefix"]}
    kept = {
        key: rule[key]
        for key in ("AbortIncompleteMultipartUpload", "NoncurrentVersionExpiration")
        if key in rule
    }
    if "Expiration" in rule:
        kept |= rule["Expiration"]
    transitions = [
        {"TransitionInDays": one["Days"], "StorageClass": one["StorageClass"]}
        for one in rule.get("Transitions", [])
    ]
    return renamed | kept | ({"Transitions": transitions} if transitions else {})
