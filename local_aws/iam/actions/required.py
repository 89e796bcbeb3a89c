"""Which actions of IAM, on which resources, a call needs.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html

An operation needs the action of its own name. Those listed in `RESOURCES` need it on the resource
that the request names; all others on `*`, which only a statement for every resource allows.
S3 is described in required_s3, and what a service does beside it for its caller in dependent.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from local_aws.iam.actions.condition_keys import keys_of
from local_aws.iam.actions.dependent import dependent
from local_aws.iam.limits import role_named
from local_aws.iam.policies import Request
from local_aws.requests.calls import Call

Parameters = Mapping[str, Any]

# Prefixes of actions, where boto3 names the service otherwise.
_PREFIXES = {"stepfunctions": "states", "service-quotas": "servicequotas"}
_ACTIONS = {
    ("lambda", "Invoke"): "InvokeFunction",
    ("lambda", "InvokeAsync"): "InvokeFunction",
    ("lambda", "InvokeWithResponseStream"): "InvokeFunction",
    ("sqs", "SendMessageBatch"): "SendMessage",
    ("sqs", "DeleteMessageBatch"): "DeleteMessage",
    ("sqs", "ChangeMessageVisibilityBatch"): "ChangeMessageVisibility",
    ("sns", "PublishBatch"): "Publish",
}
# "No permissions are required": https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
_FREE = {("sts", "GetCallerIdentity")}
_TAGGING = {
    "sagemaker": "AddTags",
    "sqs": "TagQueue",
    "iam": "TagRole",
}

# {service: {resource, with members of the request: operations}}. A member that is an ARN already
# stands for the whole.
RESOURCES: dict[str, dict[str, str]] = {
    "sagemaker": {
        "training-job/{TrainingJobName}": "CreateTrainingJob DescribeTrainingJob StopTrainingJob",
        "processing-job/{ProcessingJobName}": (
            "CreateProcessingJob DescribeProcessingJob StopProcessingJob"
        ),
        "model-package-group/{ModelPackageGroupName}": (
            "CreateModelPackageGroup DescribeModelPackageGroup DeleteModelPackageGroup"
        ),
        # The packages of a group, whose numbers the request does not know.
        "model-package/{ModelPackageGroupName}/*": "CreateModelPackage ListModelPackages",
        "model-package/{ModelPackageName}": (
            "CreateModelPackage DescribeModelPackage DeleteModelPackage"
        ),
        "model-package/{ModelPackageArn}": "UpdateModelPackage",
        "experiment/{ExperimentName}": (
            "CreateExperiment DescribeExperiment UpdateExperiment DeleteExperiment CreateTrial"
        ),
        "experiment-trial/{TrialName}": (
            "CreateTrial DescribeTrial UpdateTrial DeleteTrial AssociateTrialComponent"
        ),
        "experiment-trial-component/{TrialComponentName}": (
            "CreateTrialComponent DescribeTrialComponent UpdateTrialComponent "
            "DeleteTrialComponent AssociateTrialComponent"
        ),
        "{ResourceArn}": "AddTags ListTags DeleteTags",
    },
    "stepfunctions": {
        "stateMachine:{name}": "CreateStateMachine",
        "{stateMachineArn}": (
            "StartExecution ListExecutions DescribeStateMachine UpdateStateMachine "
            "DeleteStateMachine StartSyncExecution PublishStateMachineVersion "
            "ListStateMachineVersions ListStateMachineAliases"
        ),
        "{stateMachineVersionArn}": "DeleteStateMachineVersion",
        "{stateMachineAliasArn}": (
            "DescribeStateMachineAlias UpdateStateMachineAlias DeleteStateMachineAlias"
        ),
        "activity:{name}": "CreateActivity",
        "{activityArn}": "DescribeActivity DeleteActivity GetActivityTask",
        "{executionArn}": (
            "DescribeExecution GetExecutionHistory StopExecution RedriveExecution "
            "DescribeStateMachineForExecution"
        ),
        "{resourceArn}": "TagResource UntagResource ListTagsForResource",
    },
    "lambda": {
        "function:{FunctionName}": (
            "Invoke InvokeAsync InvokeWithResponseStream CreateFunction GetFunction "
            "GetFunctionConfiguration UpdateFunctionCode UpdateFunctionConfiguration "
            "DeleteFunction AddPermission RemovePermission GetPolicy PublishVersion "
            "PutFunctionEventInvokeConfig UpdateFunctionEventInvokeConfig "
            "GetFunctionEventInvokeConfig DeleteFunctionEventInvokeConfig "
            "PutFunctionConcurrency GetFunctionConcurrency DeleteFunctionConcurrency "
            "ListVersionsByFunction CreateAlias GetAlias UpdateAlias DeleteAlias"
        ),
        "{Resource}": "TagResource UntagResource ListTags",
    },
    "sns": {
        "{TopicArn}": (
            "Publish PublishBatch Subscribe GetTopicAttributes SetTopicAttributes DeleteTopic "
            "ListSubscriptionsByTopic AddPermission RemovePermission ConfirmSubscription"
        ),
        "{Name}": "CreateTopic",
        "{ResourceArn}": "TagResource UntagResource ListTagsForResource",
    },
    "sqs": {
        "{QueueName}": (
            "SendMessage SendMessageBatch ReceiveMessage DeleteMessage DeleteMessageBatch "
            "ChangeMessageVisibility ChangeMessageVisibilityBatch CreateQueue GetQueueUrl "
            "GetQueueAttributes SetQueueAttributes DeleteQueue PurgeQueue TagQueue UntagQueue "
            "ListQueueTags"
        ),
    },
    "logs": {
        # The ARN of a group ends in what its streams' begin with.
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
        "log-group:{logGroupName}:log-stream:": (
            "CreateLogGroup DeleteLogGroup DescribeLogStreams FilterLogEvents "
            "PutRetentionPolicy DeleteRetentionPolicy PutSubscriptionFilter"
        ),
        "log-group:{logGroupName}:log-stream:{logStreamName}": (
            "CreateLogStream DeleteLogStream PutLogEvents GetLogEvents"
        ),
        "{resourceArn}": "TagResource UntagResource ListTagsForResource",
    },
    "events": {
        "rule/{RulePath}": (
            "PutRule DescribeRule DeleteRule EnableRule DisableRule PutTargets RemoveTargets "
            "ListTargetsByRule"
        ),
        "event-bus/{Name}": "CreateEventBus DeleteEventBus DescribeEventBus",
        "{ResourceARN}": "TagResource UntagResource ListTagsForResource",
    },
    "cloudwatch": {
        "alarm:{AlarmName}": "PutMetricAlarm SetAlarmState",
    },
    "iam": {
        "role/{RoleName}": (
            "CreateRole GetRole UpdateRole DeleteRole UpdateAssumeRolePolicy PutRolePolicy "
            "GetRolePolicy DeleteRolePolicy PutRolePermissionsBoundary "
            "DeleteRolePermissionsBoundary ListRolePolicies AttachRolePolicy DetachRolePolicy "
            "ListAttachedRolePolicies TagRole UntagRole ListRoleTags"
        ),
    },
    "sts": {"{RoleArn}": "AssumeRole"},
    "ecr": {
        "repository/{repositoryName}": (
            "BatchCheckLayerAvailability GetDownloadUrlForLayer BatchGetImage DescribeImages "
            "ListImages CreateRepository DeleteRepository PutImage"
        ),
    },
}
_GLOBAL = {"iam"}  # services whose ARNs name no region

_MEMBER = re.compile(r"{(\w+)}")
_TEMPLATES: dict[tuple[str, str], list[str]] = {}
for _service, _resources in RESOURCES.items():
    for _template, _operations in _resources.items():
        for _name in _operations.split():
            _TEMPLATES.setdefault((_service, _name), []).append(_template)


@dataclass(frozen=True)
class Place:
    """Where a call is made: what the ARNs of its resources begin with."""

    partition: str
    region: str
    account: str

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of the resource, which may be one already."""
        if resource.startswith("arn:"):
            return resource
        region = "" if service in _GLOBAL else self.region
        return f"arn:{self.partition}:{service}:{region}:{self.account}:{resource}"


@dataclass(frozen=True)
class PassedRole:
    """A role that a request gives to a service, to act with it."""

    arn: str
    service: str  # `sagemaker.amazonaws.com`


def required(call: Call, parameters: Parameters, place: Place) -> Iterator[Request]:
    """Yield what the caller must be allowed to do; not for S3."""
    named = (call.service, call.operation)
    if named in _FREE:
        return
    prefix = _PREFIXES.get(call.service, call.service)
    action = f"{prefix}:{_ACTIONS.get(named, call.operation) or 'Unknown'}"
    keys = keys_of(*named, parameters, place.account, place.partition)
    resources = _resources_of(call, parameters, place)
    for resource in resources:
        yield Request(action, resource, keys)
    if call.operation.startswith(("Create", "Put")) and _tags(parameters):
        tagging = f"{prefix}:{_TAGGING.get(call.service, 'TagResource')}"
        yield Request(tagging, resources[-1], keys)
    for role in passed_roles(call.service, parameters):
        yield Request("iam:PassRole", role.arn, {"iam:passedtoservice": [role.service]})
    yield from dependent(call, parameters, place.partition)


def passed_roles(service: str, parameters: Parameters) -> list[PassedRole]:
    """Return the roles that a request passes to the service that it is for."""
    members = _PASSED.get(service, ())
    holders = [parameters, *parameters.get("Targets", ())] if service == "events" else [parameters]
    principal = f"{_PREFIXES.get(service, service)}.amazonaws.com"
    return [
        PassedRole(str(holder[member]), principal)
        for holder in holders
        for member in members
        if isinstance(holder, Mapping) and holder.get(member)
    ]


_PASSED = {
    "sagemaker": ("RoleArn", "ExecutionRoleArn"),
    "lambda": ("Role",),
    "stepfunctions": ("roleArn",),
    "events": ("RoleArn",),
}


def _tags(parameters: Parameters) -> Any:
    return parameters.get("Tags") or parameters.get("tags")


def _resources_of(call: Call, parameters: Parameters, place: Place) -> list[str]:
    prefix = _PREFIXES.get(call.service, call.service)
    if (call.service, call.operation) == ("events", "PutEvents"):
        buses = {entry.get("EventBusName", "default") for entry in parameters.get("Entries", ())}
        return [
            place.arn(prefix, bus if bus.startswith("arn:") else f"event-bus/{bus}")
            for bus in sorted(buses)
        ]
    members = {**parameters, **_derived(call, parameters), **_role(call, parameters, place)}
    if call.service == "ecr" and parameters.get("registryId"):
        place = replace(place, account=str(parameters["registryId"]))
    templates = _TEMPLATES.get((call.service, call.operation), [])
    found = [_filled(template, members) for template in templates]
    return [place.arn(prefix, each) for each in found if each] or ["*"]


def _filled(template: str, members: Parameters) -> str:
    """Return the template with the request's members in it; "" if the request has not all."""
    values = {name: str(members.get(name) or "") for name in _MEMBER.findall(template)}
    if not all(values.values()):
        return ""
    whole = next((value for value in values.values() if value.startswith("arn:")), None)
    return whole or template.format_map(values)


def _derived(call: Call, parameters: Parameters) -> dict[str, str]:
    """Return members that the request has in another form than its resource's ARN."""
    match call.service:
        case "lambda":
            return {"FunctionName": _function(parameters)}
        case "sqs" if "QueueUrl" in parameters:
            return {"QueueName": str(parameters["QueueUrl"]).rpartition("/")[2]}
        case "events":
            return {"RulePath": _rule_path(parameters)}
        case "sns":
            return _topic(parameters)
        case "sagemaker":
            return _registered(call, parameters)
    return {}


def _role(call: Call, parameters: Parameters, place: Place) -> dict[str, str]:
    """The path of a role is part of its ARN: of a new one it stands in the request.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
    """
    if call.service != "iam" or "RoleName" not in parameters:
        return {}
    name = str(parameters["RoleName"])
    role = role_named(name, place.account, place.partition)
    path = role.path if role is not None else parameters.get("Path")
    return {"RoleName": f"{path or '/'}{name}".removeprefix("/")}


def _registered(call: Call, parameters: Parameters) -> dict[str, str]:
    """The registry's ARNs have names in lower case, as local_aws/sagemaker/registry.py says."""
    found = {
        member: str(parameters.get(member) or "").lower()
        for member in ("ModelPackageGroupName", "ModelPackageName", "ModelPackageArn")
    }
    if call.operation in ("CreateModelPackage", "ListModelPackages"):
        # An ARN of the group stands for its name here, not for the packages in it.
        found["ModelPackageGroupName"] = found["ModelPackageGroupName"].rpartition("/")[2]
    return found


def _function(parameters: Parameters) -> str:
    """A function is named by name, by `account:function:name` or by ARN, each with a qualifier.

    https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
    """
    name = str(parameters.get("FunctionName") or "")
    qualifier = parameters.get("Qualifier")
    if not name.startswith("arn:"):
        name = name.rpartition("function:")[2]
    return f"{name}:{qualifier}" if qualifier and name else name


def _rule_path(parameters: Parameters) -> str:
    name = str(parameters.get("Rule") or parameters.get("Name") or "")
    bus = str(parameters.get("EventBusName") or "default").rpartition("/")[2]
    return name if bus == "default" or not name else f"{bus}/{name}"


def _topic(parameters: Parameters) -> dict[str, str]:
    subscription = parameters.get("SubscriptionArn")
    topic = parameters.get("TopicArn") or parameters.get("TargetArn")
    if not topic and subscription:
        topic = str(subscription).rpartition(":")[0]
    return {"TopicArn": str(topic)} if topic else {}
