"""How each type of resource is made, changed and deleted: by the calls of its service.

The properties are those of the type's page in CloudFormation's reference:
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3

from local_aws.cloudformation import bucket as s3
from local_aws.cloudformation import functions, messaging
from local_aws.cloudformation.properties import (
    Made,
    Properties,
    check_names,
    removed_if_it_fails,
    tags_of,
    text,
    without,
)

Session = boto3.Session
_DEFINITION = (
    "Definition",
    "DefinitionS3Location",
    "DefinitionString",
    "DefinitionSubstitutions",
)
_SUBSTITUTED = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True)
class Kind:
    """A type of resource.

    `create(session, properties)` raises what the service answers if the name is taken;
    `change(session, id, properties)` puts what can be changed. `name_property` names the resource,
    `attributes` are those of Fn::GetAtt. `made_up_name(name, properties)` is what it is called if
    its template does not say.
    """

    create: Callable[[Session, Properties], Made]
    change: Callable[[Session, str, Properties], object]
    remove: Callable[[Session, str, Properties], object]
    name_property: str = ""
    attributes: tuple[str, ...] = ("Arn",)
    made_up_name: Callable[[str, Properties], str] = lambda name, _: name


def _create_log_group(session: Session, properties: Properties) -> Made:
    names = ("LogGroupName", "KmsKeyId", "RetentionInDays", "Tags")
    check_names("AWS::Logs::LogGroup", properties, names)
    name = properties["LogGroupName"]
    logs = session.client("logs")
    tags = tags_of(properties)
    key = properties.get("KmsKeyId")
    given: Any = {"tags": tags} if tags else {}
    encrypted: Any = {"kmsKeyId": key} if key else {}
    logs.create_log_group(logGroupName=name, **given, **encrypted)
    _change_log_group(session, name, properties)
    found = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return name, {"Arn": found[0]["arn"]}


def _change_log_group(session: Session, name: str, properties: Properties) -> None:
    if days := properties.get("RetentionInDays"):
        session.client("logs").put_retention_policy(logGroupName=name, retentionInDays=days)


def _create_role(session: Session, properties: Properties) -> Made:
    iam = session.client("iam")
    given = without(properties, "Policies", "ManagedPolicyArns")
    given["AssumeRolePolicyDocument"] = text(properties["AssumeRolePolicyDocument"])
    role = iam.create_role(**given)["Role"]
    with removed_if_it_fails(lambda: _remove_role(session, role["RoleName"], {})):
        _change_role(session, role["RoleName"], properties)
    return role["RoleName"], {"Arn": role["Arn"], "RoleId": role["RoleId"]}


def _change_role(session: Session, name: str, properties: Properties) -> None:
    iam = session.client("iam")
    trust = text(properties["AssumeRolePolicyDocument"])
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust)
    wanted = {one["PolicyName"]: one["PolicyDocument"] for one in properties.get("Policies", [])}
    for policy, document in wanted.items():
        iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=text(document))
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        if policy not in wanted:
            iam.delete_role_policy(RoleName=name, PolicyName=policy)
    for arn in properties.get("ManagedPolicyArns", []):
        iam.attach_role_policy(RoleName=name, PolicyArn=arn)


def _remove_role(session: Session, name: str, _: Properties) -> None:
    iam = session.client("iam")
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        iam.delete_role_policy(RoleName=name, PolicyName=policy)
    for attached in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=name, PolicyArn=attached["PolicyArn"])
    iam.delete_role(RoleName=name)


def _create_group(session: Session, properties: Properties) -> Made:
    arn = session.client("sagemaker").create_model_package_group(**properties)
    return arn["ModelPackageGroupArn"], {"ModelPackageGroupArn": arn["ModelPackageGroupArn"]}


def _create_state_machine(session: Session, properties: Properties) -> Made:
    states: Any = session.client("stepfunctions")
    name = properties["StateMachineName"]
    tags = [_lowered(tag) for tag in properties.get("Tags", [])]
    given = _state_machine(session, properties)
    kind: Any = {"type": properties.get("StateMachineType", "STANDARD")}
    answer = states.create_state_machine(name=name, tags=tags, **kind, **given)
    return answer["stateMachineArn"], {"Arn": answer["stateMachineArn"], "Name": name}


def _change_state_machine(session: Session, arn: str, properties: Properties) -> None:
    states: Any = session.client("stepfunctions")
    states.update_state_machine(stateMachineArn=arn, **_state_machine(session, properties))


def _state_machine(session: Session, properties: Properties) -> Properties:
    substitutions = properties.get("DefinitionSubstitutions", {})
    given = without(properties, *_DEFINITION, "StateMachineName", "StateMachineType", "Tags")
    definition = _SUBSTITUTED.sub(
        lambda found: str(substitutions.get(found[1], found[0])), _definition(session, properties)
    )
    return {"definition": definition, **_lowered(given)}


def _definition(session: Session, properties: Properties) -> str:
    """Return the definition, which is a text, an object, or lies in a bucket.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-stepfunctions-statemachine.html
    """
    if "DefinitionString" in properties:
        return text(properties["DefinitionString"])
    if "Definition" in properties:
        return json.dumps(properties["Definition"])
    place = properties["DefinitionS3Location"]
    version: Any = {"VersionId": place["Version"]} if "Version" in place else {}
    s3_client: Any = session.client("s3")
    found = s3_client.get_object(Bucket=place["Bucket"], Key=place["Key"], **version)
    return str(found["Body"].read().decode())


def _lowered(value: Any) -> Any:
    """Step Functions begins its names with a lower case letter."""
    if isinstance(value, dict):
        return {key[0].lower() + key[1:]: _lowered(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_lowered(item) for item in value]
    return value


def _create_rule(session: Session, properties: Properties) -> Made:
    events = session.client("events")
    given = without(properties, "Targets")
    if "EventPattern" in given:
        given["EventPattern"] = text(given["EventPattern"])
    arn = events.put_rule(**given)["RuleArn"]
    if targets := properties.get("Targets"):
        with removed_if_it_fails(lambda: _remove_rule(session, properties["Name"], properties)):
            events.put_targets(Rule=properties["Name"], Targets=targets)
    return properties["Name"], {"Arn": arn}


def _remove_rule(session: Session, name: str, properties: Properties) -> None:
    events = session.client("events")
    targets = [target["Id"] for target in properties.get("Targets", [])]
    if targets:
        events.remove_targets(Rule=name, Ids=targets)
    events.delete_rule(Name=name)


def _put_parameter(session: Session, name: str, properties: Properties) -> None:
    given: Any = without(properties, "Name", "Tags")
    session.client("ssm").put_parameter(Name=name, Overwrite=True, **given)


def _create_parameter(session: Session, properties: Properties) -> Made:
    """Its tags are no list, unlike those of other types.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ssm-parameter.html
    """
    tags = [{"Key": key, "Value": value} for key, value in properties.get("Tags", {}).items()]
    given: Any = {**without(properties, "Tags"), **({"Tags": tags} if tags else {})}
    session.client("ssm").put_parameter(**given)
    attributes = {name: str(properties[name]) for name in ("Type", "Value")}
    return properties["Name"], attributes


def _nothing(*_: Any) -> None:
    """Nothing of it can be changed."""


KINDS: dict[str, Kind] = {
    "AWS::S3::Bucket": Kind(
        s3.create_bucket,
        s3.put_bucket,
        s3.remove_bucket,
        "BucketName",
        ("Arn", "DomainName", "DualStackDomainName", "RegionalDomainName", "WebsiteURL"),
    ),
    "AWS::S3::BucketPolicy": Kind(s3.create_policy, s3.change_policy, s3.remove_policy),
    "AWS::SNS::Topic": Kind(
        messaging.create_topic,
        messaging.change_topic,
        lambda session, arn, _: session.client("sns").delete_topic(TopicArn=arn),
        "TopicName",
        ("TopicArn", "TopicName"),
        messaging.fifo_name,
    ),
    "AWS::SNS::Subscription": Kind(
        messaging.create_subscription,
        _nothing,
        lambda session, arn, _: session.client("sns").unsubscribe(SubscriptionArn=arn),
    ),
    "AWS::SQS::Queue": Kind(
        messaging.create_queue,
        messaging.change_queue,
        lambda session, url, _: session.client("sqs").delete_queue(QueueUrl=url),
        "QueueName",
        ("Arn", "QueueName", "QueueUrl"),
        messaging.fifo_name,
    ),
    "AWS::Logs::LogGroup": Kind(
        _create_log_group,
        _change_log_group,
        lambda session, name, _: session.client("logs").delete_log_group(logGroupName=name),
        "LogGroupName",
    ),
    "AWS::IAM::Role": Kind(_create_role, _change_role, _remove_role, "RoleName", ("Arn", "RoleId")),
    "AWS::SageMaker::ModelPackageGroup": Kind(
        _create_group,
        _nothing,
        lambda session, _, properties: session.client("sagemaker").delete_model_package_group(
            ModelPackageGroupName=properties["ModelPackageGroupName"]
        ),
        "ModelPackageGroupName",
        ("ModelPackageGroupArn",),
    ),
    "AWS::StepFunctions::StateMachine": Kind(
        _create_state_machine,
        _change_state_machine,
        lambda session, arn, _: session.client("stepfunctions").delete_state_machine(
            stateMachineArn=arn
        ),
        "StateMachineName",
        ("Arn", "Name"),
    ),
    "AWS::Lambda::Function": Kind(
        functions.create_function,
        functions.change_function,
        lambda session, name, _: session.client("lambda").delete_function(FunctionName=name),
        "FunctionName",
    ),
    "AWS::Lambda::Version": Kind(
        functions.create_version,
        _nothing,
        functions.remove_version,
        attributes=("FunctionArn", "Version"),
    ),
    "AWS::Lambda::Permission": Kind(
        functions.create_permission, functions.change_permission, functions.remove_permission
    ),
    "AWS::Lambda::EventInvokeConfig": Kind(
        functions.create_invocation,
        lambda session, _, properties: functions.create_invocation(session, properties),
        functions.remove_invocation,
    ),
    "AWS::SSM::Parameter": Kind(
        _create_parameter,
        _put_parameter,
        lambda session, name, _: session.client("ssm").delete_parameter(Name=name),
        "Name",
        ("Type", "Value"),
    ),
    "AWS::Events::Rule": Kind(
        _create_rule,
        lambda session, _, properties: _create_rule(session, properties),
        _remove_rule,
        "Name",
    ),
}
