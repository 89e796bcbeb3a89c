"""AWS's own container images for TensorFlow: no custom image is built or pushed.

Which there are is what the SageMaker SDK knows. Of TensorFlow 2.19 there are images for x86, with
and without a GPU, for training and for serving. For Graviton there are none of it: the newest one
serves 2.16.

They are named by tags, as the SDK knows them. Which digest that is, a run asks anew:
lambdas/runs/images.py.
"""

import re
from typing import Any

from lambdas.runs import instances
from lambdas.runs.images import SERVING, parse
from state_machine.config import PipelineConfig, Training
from state_machine.errors import ConfigError
from state_machine.sdk.sdk import sagemaker

# One type of each kind, for the SDK, which asks for a type and not for a kind.
EXAMPLES = {instances.CPU: "ml.m5.xlarge", instances.GPU: "ml.g5.xlarge"}


def training_image(training: Training, region: str, instance_type: str) -> str:
    """The image of all three jobs, for CPU or GPU as the instance type needs.

    Processing uses the training image, as sagemaker's own TensorFlowProcessor does. Raises
    ConfigError where there is none.
    """
    return _retrieve(
        training, region, instance_type, image_scope="training", py_version=training.py_version
    )


def job_images(training: Training, region: str) -> dict[str, str]:
    """The images of jobs by what `lambdas.runs.instances` says of an instance type: cpu and gpu."""
    return {kind: training_image(training, region, EXAMPLES[kind]) for kind in EXAMPLES}


def of_stage(config: PipelineConfig, region: str) -> dict[str, str]:
    """All images that a run may need: those of jobs, and the one that serves its model."""
    types = config.registry.inference_instance_types
    serving = serving_image(config.training, region, types)
    return {**job_images(config.training, region), SERVING: serving}


def serving_image(training: Training, region: str, instance_types: list[str]) -> str:
    """The TensorFlow Serving image that a registered model is deployed with on any of the types.

    Raises ConfigError where there is none.
    """
    # The SDK knows only the older Graviton families by name.
    graviton = instances.of_endpoints(instance_types) == instances.ARM
    scope = "inference_graviton" if graviton else "inference"
    return _retrieve(training, region, instance_types[0], image_scope=scope)


def _retrieve(training: Training, region: str, instance_type: str, **options: Any) -> str:
    try:
        image: str = sagemaker.image_uris.retrieve(
            "tensorflow",
            region,
            version=training.framework_version,
            instance_type=instance_type,
            **options,
        )
    except ValueError as error:
        raise ConfigError(
            f"pipeline.toml: training.framework_version: AWS has no image of TensorFlow "
            f"{training.framework_version} ({training.py_version}) for {options['image_scope']} on "
            f"{instance_type} in {region}: {_reason(error)}"
        ) from error
    return image


def _reason(error: ValueError) -> str:
    """What the SDK says, with the last few of what it knows in the place of all of it."""
    first = str(error).split(". ")[0].rstrip(".")
    known = re.search(r"Supported [^:]+: (.+?)\.?$", str(error))
    if not known:
        return first
    return f"{first}, expected one such as {', '.join(known[1].split(', ')[-3:])}"


def repository_arn(image: str, partition: str) -> str:
    """The ARN of the repository that holds an image, which the roles of jobs and Lambdas read.

    Raises ConfigError for an image that is not in ECR, from where SageMaker pulls.
    """
    found = parse(image)
    if found is None:
        raise ConfigError(
            f"image {image}: found no repository of Amazon ECR, expected "
            "ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY:TAG or ...@sha256:DIGEST"
        )
    return found.repository_arn(partition)


def repository_arns(config: PipelineConfig, region: str, partition: str) -> list[str]:
    """The ARNs of all repositories whose images a run may need, each once."""
    images = of_stage(config, region).values()
    return sorted({repository_arn(image, partition) for image in images})
