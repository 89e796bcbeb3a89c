"""All of a stage but its Lambdas, as CloudFormation's resource types.

The values are those that a deployment puts; here they only get the names that CloudFormation has
for them: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/
"""

import json
from typing import Any

from state_machine.config import PipelineConfig
from state_machine.deployment import (
    bucket,
    log_groups,
    messaging,
    model_package_group,
    roles,
    state_machine,
    triggers,
)
from state_machine.deployment.functions import is_wanted, wanted_functions
from state_machine.names import Names

CfnResource = dict[str, Any]
# What a stack leaves behind when it is deleted, as `retrain destroy` does.
RETAINED = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
STATE_MACHINE = "StateMachine"


def logical_id(purpose: str, kind: str) -> str:
    """Return the name within the template: of `on_upload` and `Role`, it is `OnUploadRole`."""
    words = purpose.replace("-", "_").split("_")
    return "".join(word.capitalize() for word in words) + kind


def resource(kind: str, properties: dict[str, Any], **attributes: Any) -> CfnResource:
    """Return a resource; `attributes` stand beside its properties."""
    return {"Type": f"AWS::{kind}", **attributes, "Properties": properties}


def storage_resources(names: Names) -> dict[str, CfnResource]:
    """The bucket, which notifies once the Lambda's permission is there, and its policy."""
    by_default = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": bucket.ENCRYPTION}}
    properties = {
        "BucketName": names.bucket,
        "VersioningConfiguration": {"Status": bucket.VERSIONING},
        "BucketEncryption": {"ServerSideEncryptionConfiguration": [by_default]},
        "PublicAccessBlockConfiguration": bucket.PUBLIC_ACCESS_BLOCK,
        "LifecycleConfiguration": {"Rules": [_rule(rule) for rule in bucket.lifecycle_rules()]},
        "NotificationConfiguration": {"LambdaConfigurations": _notification(names)},
    }
    permission = logical_id("on_upload", "Permission")
    policy = {"Bucket": {"Ref": "Bucket"}, "PolicyDocument": bucket.bucket_policy(names)}
    return {
        "Bucket": resource("S3::Bucket", properties, DependsOn=permission, **RETAINED),
        "BucketPolicy": resource("S3::BucketPolicy", policy, **RETAINED),
    }


def _rule(rule: dict[str, Any]) -> dict[str, Any]:
    renamed = {"Id": rule["ID"], "Status": rule["Status"], "Prefix": rule["Filter"]["Prefix"]}
    kept = {
        key: rule[key]
        for key in ("AbortIncompleteMultipartUpload", "NoncurrentVersionExpiration")
        if key in rule
    }
    transitions = [
        {"TransitionInDays": one["Days"], "StorageClass": one["StorageClass"]}
        for one in rule.get("Transitions", [])
    ]
    return renamed | kept | ({"Transitions": transitions} if transitions else {})


def _notification(names: Names) -> list[dict[str, Any]]:
    uploads = triggers.UPLOADS
    by_prefix = {"Rules": [{"Name": "prefix", "Value": uploads["prefix"]}]}
    return [
        {
            "Event": event,
            "Filter": {"S3Key": by_prefix},
            "Function": names.function_arn("on_upload"),
        }
        for event in uploads["events"]
    ]


def registry_resources(config: PipelineConfig, names: Names) -> dict[str, CfnResource]:
    """The model package group."""
    properties = {
        "ModelPackageGroupName": names.model_package_group(config.registry.model_package_group),
        "ModelPackageGroupDescription": model_package_group.DESCRIPTION,
    }
    return {"ModelPackageGroup": resource("SageMaker::ModelPackageGroup", properties, **RETAINED)}


def messaging_resources(names: Names) -> dict[str, CfnResource]:
    """The topics and the queue of failed events."""
    # SQS takes every attribute as text, CloudFormation numbers as numbers.
    attributes = {name: json.loads(text) for name, text in messaging.QUEUE_ATTRIBUTES.items()}
    queue = {"QueueName": names.queue(messaging.FAILED_EVENTS), **attributes}
    topics = {
        logical_id(purpose, "Topic"): resource("SNS::Topic", {"TopicName": names.topic(purpose)})
        for purpose in messaging.TOPICS
    }
    return {
        **topics,
        logical_id(messaging.FAILED_EVENTS, "Queue"): resource("SQS::Queue", queue, **RETAINED),
    }


def log_group_resources(config: PipelineConfig, names: Names) -> dict[str, CfnResource]:
    """The log groups of the state machine and of the Lambdas."""
    groups = {STATE_MACHINE: names.state_machine_log_group} | {
        logical_id(function, "Function"): names.function_log_group(function)
        for function in wanted_functions(config)
    }
    return {
        f"{owner}Logs": resource(
            "Logs::LogGroup",
            {"LogGroupName": group, "RetentionInDays": log_groups.RETENTION_DAYS},
            **RETAINED,
        )
        for owner, group in groups.items()
    }


def role_resources(config: PipelineConfig, names: Names) -> dict[str, CfnResource]:
    """The roles, each with its one inline policy."""
    return {
        logical_id(purpose, "Role"): resource(
            "IAM::Role",
            {
                "RoleName": names.role(purpose),
                "AssumeRolePolicyDocument": trust,
                "Policies": [{"PolicyName": roles.POLICY_NAME, "PolicyDocument": policy}],
            },
        )
        for purpose, (trust, policy) in roles.documents(config, names).items()
        if is_wanted(purpose, config)
    }


def state_machine_resources(names: Names, definition: dict[str, Any]) -> dict[str, CfnResource]:
    """The state machine, with the definition as text."""
    logging = state_machine.logging(names)
    destinations = [
        {"CloudWatchLogsLogGroup": {"LogGroupArn": one["cloudWatchLogsLogGroup"]["logGroupArn"]}}
        for one in logging["destinations"]
    ]
    properties = {
        "StateMachineName": names.state_machine,
        "RoleArn": names.role_arn("states"),
        "DefinitionString": json.dumps(definition),
        "LoggingConfiguration": {
            "Level": logging["level"],
            "IncludeExecutionData": logging["includeExecutionData"],
            "Destinations": destinations,
        },
        "TracingConfiguration": {"Enabled": state_machine.TRACING},
    }
    first = [logical_id("states", "Role"), f"{STATE_MACHINE}Logs"]
    return {STATE_MACHINE: resource("StepFunctions::StateMachine", properties, DependsOn=first)}
