"""How each type of resource is made, changed and deleted: by the calls of its service.

The properties are those of the type's page in CloudFormation's reference:
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import boto3

from local_aws.cloudformation import bucket as s3

Session = boto3.Session
Properties = dict[str, Any]
_SUBSTITUTED = re.compile(r"\$\{(\w+)\}")
Made = tuple[str, dict[str, str]]  # what Ref answers, and what Fn::GetAtt does


@dataclass(frozen=True)
class Kind:
    """A type of resource.

    `create(session, properties)` raises what the service answers if the name is taken;
    `change(session, id, properties)` puts what can be changed. `name_property` names the resource,
    `attributes` are those of Fn::GetAtt.
    """

    create: Callable[[Session, Properties], Made]
    change: Callable[[Session, str, Properties], object]
    remove: Callable[[Session, str, Properties], object]
    name_property: str = ""
    attributes: tuple[str, ...] = ("Arn",)


def text(document: Any) -> str:
    """Return a policy, or a pattern, as the services take it."""
    return document if isinstance(document, str) else json.dumps(document)


def without(properties: Properties, *names: str) -> Properties:
    """Return the properties but those."""
    return {name: value for name, value in properties.items() if name not in names}


def tags_of(properties: Properties) -> dict[str, str]:
    """Return the tags by key."""
    return {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}


def tagged(properties: Properties) -> Properties:
    """Return the tags as most services take them; nothing where there are none."""
    return {"Tags": properties["Tags"]} if properties.get("Tags") else {}


def _create_topic(session: Session, properties: Properties) -> Made:
    name = properties["TopicName"]
    key = properties.get("KmsMasterKeyId")
    attributes = {"KmsMasterKeyId": key} if key else {}
    sns = session.client("sns")
    arn = sns.create_topic(Name=name, Attributes=attributes, **tagged(properties))["TopicArn"]
    return arn, {"TopicArn": arn, "TopicName": name}


def _create_subscription(session: Session, properties: Properties) -> Made:
    answer = session.client("sns").subscribe(**properties, ReturnSubscriptionArn=True)
    return answer["SubscriptionArn"], {"Arn": answer["SubscriptionArn"]}


def _create_queue(session: Session, properties: Properties) -> Made:
    sqs = session.client("sqs")
    url = sqs.create_queue(QueueName=properties["QueueName"], tags=tags_of(properties))["QueueUrl"]
    _change_queue(session, url, properties)
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    return url, {"Arn": found["QueueArn"], "QueueName": properties["QueueName"], "QueueUrl": url}


def _change_queue(session: Session, url: str, properties: Properties) -> None:
    given = without(properties, "QueueName", "Tags")
    attributes: Any = {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in given.items()
    }
    if attributes:
        session.client("sqs").set_queue_attributes(QueueUrl=url, Attributes=attributes)


def _create_log_group(session: Session, properties: Properties) -> Made:
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
    answer = states.create_state_machine(name=name, tags=tags, **_state_machine(properties))
    return answer["stateMachineArn"], {"Arn": answer["stateMachineArn"], "Name": name}


def _change_state_machine(session: Session, arn: str, properties: Properties) -> None:
    states: Any = session.client("stepfunctions")
    states.update_state_machine(stateMachineArn=arn, **_state_machine(properties))


def _state_machine(properties: Properties) -> Properties:
    substitutions = properties.get("DefinitionSubstitutions", {})
    given = without(
        properties, "StateMachineName", "DefinitionString", "DefinitionSubstitutions", "Tags"
    )
    definition = _SUBSTITUTED.sub(
        lambda found: str(substitutions.get(found[1], found[0])), properties["DefinitionString"]
    )
    return {"definition": definition, **_lowered(given)}


def _lowered(value: Any) -> Any:
    """Step Functions begins its names with a lower case letter."""
    if isinstance(value, dict):
        return {key[0].lower() + key[1:]: _lowered(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_lowered(item) for item in value]
    return value


def _create_function(session: Session, properties: Properties) -> Made:
    given = {**_function(properties), "Tags": tags_of(properties)}
    answer = session.client("lambda").create_function(**given)
    return answer["FunctionName"], {"Arn": answer["FunctionArn"]}


def _function(properties: Properties) -> Properties:
    """Lambda spells the name of the key in capitals."""
    return {"KMSKeyArn" if name == "KmsKeyArn" else name: it for name, it in properties.items()}


def _change_function(session: Session, name: str, properties: Properties) -> None:
    lambdas = session.client("lambda")
    lambdas.update_function_code(FunctionName=name, **properties["Code"])
    given = _function(without(properties, "Code", "Tags"))
    answer = lambdas.update_function_configuration(**given)
    if tags := tags_of(properties):
        lambdas.tag_resource(Resource=answer["FunctionArn"], Tags=tags)


def _create_version(session: Session, properties: Properties) -> Made:
    """Publish; that nothing has changed is an error of CloudFormation's, as people report it."""
    lambdas = session.client("lambda")
    name = properties["FunctionName"]
    pages = lambdas.get_paginator("list_versions_by_function").paginate(FunctionName=name)
    before = {version["Version"] for page in pages for version in page["Versions"]}
    answer = lambdas.publish_version(**properties)
    number = str(answer["Version"])
    if number in before:
        from moto.cloudformation.exceptions import ValidationError  # noqa: PLC0415 (see engine)

        raise ValidationError(
            message=f"A version for this Lambda function exists ( {number} ). "
            "Modify the function to create a new version."
        )
    return answer["FunctionArn"], {"FunctionArn": answer["FunctionArn"], "Version": number}


def _remove_version(session: Session, arn: str, _: Properties) -> None:
    name, number = arn.rsplit(":", 1)
    session.client("lambda").delete_function(FunctionName=name, Qualifier=number)


def _create_permission(session: Session, properties: Properties) -> Made:
    statement = f"stack-{uuid4()}"
    session.client("lambda").add_permission(StatementId=statement, **properties)
    return statement, {}


def _remove_permission(session: Session, statement: str, properties: Properties) -> None:
    function = properties["FunctionName"]
    session.client("lambda").remove_permission(FunctionName=function, StatementId=statement)


def _change_permission(session: Session, statement: str, properties: Properties) -> None:
    _remove_permission(session, statement, properties)
    session.client("lambda").add_permission(StatementId=statement, **properties)


def _create_invocation(session: Session, properties: Properties) -> Made:
    session.client("lambda").put_function_event_invoke_config(**properties)
    return f"{properties['FunctionName']}|{properties['Qualifier']}", {}


def _remove_invocation(session: Session, _: str, properties: Properties) -> None:
    named = {key: properties[key] for key in ("FunctionName", "Qualifier")}
    session.client("lambda").delete_function_event_invoke_config(**named)


def _create_rule(session: Session, properties: Properties) -> Made:
    events = session.client("events")
    given = without(properties, "Targets")
    if "EventPattern" in given:
        given["EventPattern"] = text(given["EventPattern"])
    arn = events.put_rule(**given)["RuleArn"]
    if targets := properties.get("Targets"):
        events.put_targets(Rule=properties["Name"], Targets=targets)
    return properties["Name"], {"Arn": arn}


def _remove_rule(session: Session, name: str, properties: Properties) -> None:
    events = session.client("events")
    targets = [target["Id"] for target in properties.get("Targets", [])]
    if targets:
        events.remove_targets(Rule=name, Ids=targets)
    events.delete_rule(Name=name)


def _nothing(*_: Any) -> None:
    """Nothing of it can be changed."""


KINDS: dict[str, Kind] = {
    "AWS::S3::Bucket": Kind(
        s3.create_bucket, s3.put_bucket, s3.remove_bucket, "BucketName", ("Arn", "DomainName")
    ),
    "AWS::S3::BucketPolicy": Kind(s3.create_policy, s3.change_policy, s3.remove_policy),
    "AWS::SNS::Topic": Kind(
        _create_topic,
        _nothing,
        lambda session, arn, _: session.client("sns").delete_topic(TopicArn=arn),
        "TopicName",
        ("TopicArn", "TopicName"),
    ),
    "AWS::SNS::Subscription": Kind(
        _create_subscription,
        _nothing,
        lambda session, arn, _: session.client("sns").unsubscribe(SubscriptionArn=arn),
    ),
    "AWS::SQS::Queue": Kind(
        _create_queue,
        _change_queue,
        lambda session, url, _: session.client("sqs").delete_queue(QueueUrl=url),
        "QueueName",
        ("Arn", "QueueName", "QueueUrl"),
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
        _create_function,
        _change_function,
        lambda session, name, _: session.client("lambda").delete_function(FunctionName=name),
        "FunctionName",
    ),
    "AWS::Lambda::Version": Kind(
        _create_version, _nothing, _remove_version, attributes=("FunctionArn", "Version")
    ),
    "AWS::Lambda::Permission": Kind(_create_permission, _change_permission, _remove_permission),
    "AWS::Lambda::EventInvokeConfig": Kind(
        _create_invocation,
        lambda session, _, properties: _create_invocation(session, properties),
        _remove_invocation,
    ),
    "AWS::Events::Rule": Kind(
        _create_rule,
        lambda session, _, properties: _create_rule(session, properties),
        _remove_rule,
        "Name",
    ),
}
