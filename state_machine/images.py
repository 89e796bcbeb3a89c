"""AWS's own container images for TensorFlow: no custom image is built or pushed."""

from typing import Any

from state_machine.config import Training
from state_machine.sdk import sagemaker


def training_image(training: Training, region: str, instance_type: str) -> str:
    """The image of all three jobs, for CPU or GPU as the instance type needs.

    Processing uses the training image, as sagemaker's own TensorFlowProcessor does.
    """
    return _retrieve(
        training, region, instance_type, image_scope="training", py_version=training.py_version
    )


def serving_image(training: Training, region: str, instance_type: str) -> str:
    """The TensorFlow Serving image that a registered model is deployed with."""
    return _retrieve(training, region, instance_type, image_scope="inference")


def _retrieve(training: Training, region: str, instance_type: str, **options: Any) -> str:
    image: str = sagemaker.image_uris.retrieve(
        "tensorflow",
        region,
        version=training.framework_version,
        instance_type=instance_type,
        **options,
    )
    return image


def repository_arn(image: str, partition: str) -> str:
    """The ARN of the repository that holds an image of AWS's, which the jobs' role reads."""
    registry, _, repository = image.partition("/")
    account, _, _, region, *_ = registry.split(".")
    return f"arn:{partition}:ecr:{region}:{account}:repository/{repository.partition(':')[0]}"
