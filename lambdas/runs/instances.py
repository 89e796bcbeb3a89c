"""What an instance type computes with, by its name, and so which image a job or a model needs.

AWS builds its TensorFlow images for x86 processors, with and without a GPU. For Graviton there is
one for serving alone, and SageMaker runs no training and no processing on it at all:
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ResourceConfig.html
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import botocore.session

from lambdas.errors import InvalidInputError

TYPE = r"^ml\.[a-z0-9-]+\.[a-z0-9]+$"
CPU, GPU, ARM, OTHER = "cpu", "gpu", "arm", "other"

# SageMaker has an enumeration of types for each use, by the name of its shape in botocore's model.
PROCESSING, TRAINING, TRANSFORM, ENDPOINT = "processing", "training", "transform", "endpoint"
_SHAPES = {
    PROCESSING: "ProcessingInstanceType",
    TRAINING: "TrainingInstanceType",
    TRANSFORM: "TransformInstanceType",
    ENDPOINT: "ProductionVariantInstanceType",
}
# What each table of pipeline.toml that describes a job is for.
JOBS = {"preprocessing": PROCESSING, "training": TRAINING, "evaluation": PROCESSING}

# The first that a family's name begins with: ml.<family>.<size>.
_KINDS = (
    (OTHER, re.compile(r"(inf|trn|dl)\d")),
    (ARM, re.compile(r"[a-z]+\d+g[a-z]*$|.+-gb\d")),  # Graviton; Grace beside a GPU
    (GPU, re.compile(r"[gp]\d")),
    (CPU, re.compile(r"")),
)
# Families whose instances bring disks of their own, as far as SageMaker has them:
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/InstanceStorage.html
_OWN_DISKS = re.compile(r"(g[4-9](?!g)|gr\d|p[4-9]|trn\d|[a-z]+\d+[a-z]*d)")
_NOT_FOR_JOBS = {
    ARM: "ARM, on which SageMaker runs no training and no processing jobs",
    OTHER: "an accelerator that AWS's TensorFlow image is not built for",
}


def kind(instance_type: str) -> str:
    """Return what a type such as ``ml.g5.xlarge`` computes with: cpu, gpu, arm or other."""
    family = instance_type.split(".")[1]
    return next(kind for kind, pattern in _KINDS if pattern.match(family))


def has_own_disks(instance_type: str) -> bool:
    """Tell whether jobs on the type work on disks of the instance, which no key can be asked for.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ResourceConfig.html
    """
    return _OWN_DISKS.match(instance_type.split(".")[1]) is not None


def check_disks(types: Mapping[str, str], deployed: Mapping[str, str]) -> None:
    """Raise InvalidInputError where a job's type has disks of another kind than the deployed one.

    Whether a job's request names a key for its volume stands in the definition.
    """
    for job, instance_type in types.items():
        if has_own_disks(instance_type) != has_own_disks(deployed[job]):
            disks = "disks of its own" if has_own_disks(deployed[job]) else "none of its own"
            raise InvalidInputError(
                f"instance_types.{job} is {instance_type}: expected a type with {disks}, as "
                f"{deployed[job]} has, because account.kms_key encrypts volumes, and for disks "
                "of its own none is taken; deploy another instance_type to use it"
            )


@cache
def known(use: str) -> frozenset[str]:
    """Return the types that SageMaker's API takes for a use, as far as this botocore knows.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ResourceConfig.html
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProcessingClusterConfig.html
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_InferenceSpecification.html
    """
    model = botocore.session.get_session().get_service_model("sagemaker")
    shape: Any = model.shape_for(_SHAPES[use])
    return frozenset(shape.enum)


def check_known(instance_type: str, use: str) -> None:
    """Raise ValueError, naming types of the same family, where SageMaker knows no such type."""
    if instance_type not in known(use):
        raise ValueError(
            f"SageMaker knows no {instance_type} for {_said(use)}: "
            f"expected {_like(use, instance_type)}"
        )


def _said(use: str) -> str:
    return "endpoints" if use == ENDPOINT else f"{use} jobs"


def _like(use: str, instance_type: str) -> str:
    """Name types of the same family, or what all families are."""
    family = instance_type.rpartition(".")[0]
    if same := sorted(each for each in known(use) if each.rpartition(".")[0] == family):
        return f"one of {', '.join(same)}"
    families = sorted({each.rpartition(".")[0] for each in known(use)})
    return f"a type of one of the families {', '.join(families)}"


def of_job(instance_type: str) -> str:
    """Return cpu or gpu, which a job's image is for. Raises ValueError where there is no image."""
    found = kind(instance_type)
    if found in _NOT_FOR_JOBS:
        raise ValueError(
            f"{instance_type} is {_NOT_FOR_JOBS[found]}; expected x86 processors, such as "
            "ml.m5.xlarge, or a GPU beside them, such as ml.g5.xlarge"
        )
    return found


def of_endpoints(instance_types: list[str]) -> str:
    """Return what all of the types compute with: a registered model names one image for them.

    Raises ValueError where they need several, or one that there is not.
    """
    kinds = {kind(instance_type): instance_type for instance_type in instance_types}
    if OTHER in kinds:
        raise ValueError(f"{kinds[OTHER]} is {_NOT_FOR_JOBS[OTHER]}")
    if len(kinds) > 1:
        found = ", ".join(f"{instance_type} ({kind})" for kind, instance_type in kinds.items())
        raise ValueError(
            f"{found} need different images, and a registered model names one: expected types of "
            "one kind"
        )
    return next(iter(kinds))
