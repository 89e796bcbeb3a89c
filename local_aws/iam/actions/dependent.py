"""Actions that a service carries out with its caller's rights, beside the call's own action.

Each row names its source, and how sure it is: AWS lists some of them in the column "dependent
actions" of its service authorization reference, and names others in a guide or a managed policy.
S3's, which depend on headers, are in required_s3.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from local_aws import arns
from local_aws.iam.policies import Request
from local_aws.requests.calls import Call

Parameters = Mapping[str, Any]

_REGISTRY_POLICY = (
    "https://docs.aws.amazon.com/aws-managed-policy/latest/reference/"
    "AmazonSageMakerModelRegistryFullAccess.html"
)
_SAGEMAKER = (
    "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemaker.html"
)


class Certainty(StrEnum):
    """How sure a row is."""

    DOCUMENTED = "documented"  # AWS's reference or guide says that the caller needs it
    STRONG = (
        "strong"  # a managed policy for the purpose grants it, or a guide asks for it elsewhere
    )
    BELIEVED = "believed"


@dataclass(frozen=True)
class Dependent:
    """An action that a call needs of its caller, on resources that its request names."""

    service: str
    operations: str
    actions: str
    resources: Callable[[Parameters, str], Iterable[str]]  # of the request and the partition
    source: str
    certainty: Certainty


def _containers(parameters: Parameters) -> Iterator[Mapping[str, Any]]:
    specification = parameters.get("InferenceSpecification")
    containers = specification.get("Containers") if isinstance(specification, Mapping) else None
    yield from (each for each in containers or () if isinstance(each, Mapping))


def _images(parameters: Parameters, partition: str) -> Iterator[str]:
    for container in _containers(parameters):
        if repository := arns.repository_of(str(container.get("Image")), partition):
            yield repository


def _model_data(parameters: Parameters, partition: str) -> Iterator[str]:
    for container in _containers(parameters):
        uri = str(container.get("ModelDataUrl"))
        if uri.startswith("s3://"):
            yield f"arn:{partition}:s3:::{uri.removeprefix('s3://')}"


def _keys(parameters: Parameters, partition: str) -> Iterator[str]:
    """Yield the keys that encrypt volumes and outputs, which SageMaker has the caller grant it."""
    holders = [parameters.get("OutputDataConfig"), parameters.get("ProcessingOutputConfig")]
    resources = parameters.get("ProcessingResources")
    cluster = resources.get("ClusterConfig") if isinstance(resources, Mapping) else None
    holders += [parameters.get("ResourceConfig"), cluster]
    for holder in holders:
        for member in ("KmsKeyId", "VolumeKmsKeyId"):
            key = holder.get(member) if isinstance(holder, Mapping) else None
            if key:
                # A key may be named by its id alone, whose region and account the request lacks.
                yield key if str(key).startswith("arn:") else f"arn:{partition}:kms:*:*:key/{key}"


def _network(parameters: Parameters, _partition: str) -> Iterator[str]:
    vpc = parameters.get("VpcConfig")
    if isinstance(vpc, Mapping) and vpc.get("SubnetIds"):
        yield "*"


def _topic_key(parameters: Parameters, _partition: str) -> Iterator[str]:
    if key := key_of_messages(str(parameters.get("TopicArn") or parameters.get("TargetArn"))):
        yield key


def key_of_messages(arn: str) -> str:
    """Return the key of KMS that a topic's or a queue's messages are encrypted with; "" if none."""
    place = arns.parse(arn) if arn.startswith("arn:") else None
    if place is None or place.service not in ("sns", "sqs"):
        return ""
    if place.service == "sns":
        topic: Any = sns_backends[place.account][place.region].topics.get(arn)
        return str(getattr(topic, "kms_master_key_id", "") or "")
    queue: Any = sqs_backends[place.account][place.region].queues.get(arn.rpartition(":")[2])
    return str(getattr(queue, "kms_master_key_id", "") or "")


DEPENDENTS = (
    Dependent(
        "sns",
        "Publish PublishBatch",
        "kms:GenerateDataKey kms:Decrypt",
        _topic_key,
        "https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html",
        Certainty.DOCUMENTED,
    ),
    Dependent(
        "lambda",
        "CreateFunction UpdateFunctionConfiguration",
        "ec2:DescribeSecurityGroups ec2:DescribeSubnets ec2:DescribeVpcs",
        _network,
        "https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html",
        Certainty.DOCUMENTED,
    ),
    Dependent(
        "sagemaker",
        "CreateModelPackage",
        "ecr:BatchGetImage ecr:DescribeImages",
        _images,
        _REGISTRY_POLICY,
        Certainty.STRONG,
    ),
    Dependent(
        "sagemaker",
        "CreateModelPackage",
        "s3:GetObject",
        _model_data,
        _REGISTRY_POLICY,
        Certainty.STRONG,
    ),
    Dependent(
        "sagemaker",
        "CreateTrainingJob CreateProcessingJob",
        "kms:CreateGrant kms:DescribeKey",
        _keys,
        _SAGEMAKER,
        Certainty.STRONG,
    ),
)


def dependent(call: Call, parameters: Parameters, partition: str) -> Iterator[Request]:
    """Yield what the caller needs beside the call's own action."""
    for row in DEPENDENTS:
        if row.service != call.service or call.operation not in row.operations.split():
            continue
        for resource in dict.fromkeys(row.resources(parameters, partition)):
            for action in row.actions.split():
                yield Request(action, resource)
