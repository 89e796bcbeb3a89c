"""Keys of conditions that a request's own members fill in.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from local_aws.iam.limits import role_named

Parameters = Mapping[str, Any]

# By the key, the members that may hold its values.
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemaker.html
_OF_JOBS = {
    "sagemaker:vpcsubnets": ("VpcConfig.Subnets", "NetworkConfig.VpcConfig.Subnets"),
    "sagemaker:vpcsecuritygroupids": (
        "VpcConfig.SecurityGroupIds",
        "NetworkConfig.VpcConfig.SecurityGroupIds",
    ),
    "sagemaker:volumekmskey": (
        "ResourceConfig.VolumeKmsKeyId",
        "ProcessingResources.ClusterConfig.VolumeKmsKeyId",
    ),
    "sagemaker:outputkmskey": ("OutputDataConfig.KmsKeyId", "ProcessingOutputConfig.KmsKeyId"),
    "sagemaker:instancetypes": (
        "ResourceConfig.InstanceType",
        "ProcessingResources.ClusterConfig.InstanceType",
    ),
    "sagemaker:maxruntimeinseconds": ("StoppingCondition.MaxRuntimeInSeconds",),
    "sagemaker:networkisolation": (
        "EnableNetworkIsolation",
        "NetworkConfig.EnableNetworkIsolation",
    ),
    "sagemaker:intercontainertrafficencryption": (
        "EnableInterContainerTrafficEncryption",
        "NetworkConfig.EnableInterContainerTrafficEncryption",
    ),
}
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#vpc-conditions
_OF_FUNCTIONS = {
    "lambda:subnetids": ("VpcConfig.SubnetIds",),
    "lambda:securitygroupids": ("VpcConfig.SecurityGroupIds",),
}
_MEMBERS: dict[tuple[str, str], Mapping[str, tuple[str, ...]]] = {
    ("sagemaker", "CreateTrainingJob"): _OF_JOBS,
    ("sagemaker", "CreateProcessingJob"): _OF_JOBS,
    ("lambda", "CreateFunction"): _OF_FUNCTIONS,
    ("lambda", "UpdateFunctionConfiguration"): _OF_FUNCTIONS,
    ("cloudwatch", "PutMetricData"): {"cloudwatch:namespace": ("Namespace",)},
}
# Calls about a role that has a boundary already, and those that bring one.
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
_OF_BOUNDED = [
    "AttachRolePolicy",
    "DeleteRolePermissionsBoundary",
    "DeleteRolePolicy",
    "DetachRolePolicy",
    "PutRolePolicy",
]
_BOUNDING = ("CreateRole", "PutRolePermissionsBoundary")


def keys_of(
    service: str, operation: str, parameters: Parameters, account: str, partition: str
) -> dict[str, list[str]]:
    """Return the keys, in lower case, that the request has, with their values."""
    found = dict(_tags(parameters))
    for key, members in _MEMBERS.get((service, operation), {}).items():
        values = [text for member in members for text in _texts(_at(parameters, member))]
        if values:
            found[key] = values
    if service == "iam":
        boundary = _boundary(
            operation, parameters, lambda name: role_named(name, account, partition)
        )
        found |= {"iam:permissionsboundary": [boundary]} if boundary else {}
    return found


def tag_keys(tags: Mapping[str, str]) -> Iterator[tuple[str, list[str]]]:
    """Yield the keys of tags that a request brings.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    for key, value in tags.items():
        yield f"aws:requesttag/{key.lower()}", [value]
    if tags:
        yield "aws:tagkeys", list(tags)


def _tags(parameters: Parameters) -> Iterator[tuple[str, list[str]]]:
    """Services take tags as a map, or as a list whose members may begin in lower case."""
    tags = parameters.get("Tags") or parameters.get("tags") or {}
    if isinstance(tags, Mapping):
        return tag_keys({str(key): str(value) for key, value in tags.items()})
    pairs = [{name.lower(): value for name, value in tag.items()} for tag in tags]
    return tag_keys({str(tag.get("key")): str(tag.get("value", "")) for tag in pairs})


def _boundary(operation: str, parameters: Parameters, find: Callable[[str], Any]) -> str | None:
    if operation in _BOUNDING:
        return parameters.get("PermissionsBoundary")
    role = find(str(parameters.get("RoleName"))) if operation in _OF_BOUNDED else None
    return role.permissions_boundary_arn if role is not None else None


def _at(parameters: Any, member: str) -> Any:
    for name in member.split("."):
        parameters = parameters.get(name) if isinstance(parameters, Mapping) else None
    return parameters


def _texts(value: Any) -> list[str]:
    if value is None or value == "":
        return []
    listed = value if isinstance(value, list) else [value]
    return [str(each).lower() if isinstance(each, bool) else str(each) for each in listed]
