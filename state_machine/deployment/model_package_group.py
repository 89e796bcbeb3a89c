"""The registry's group of a stage."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from state_machine.deployment.cloudformation import RETAINED, CfnResource, resource
from state_machine.deployment.resource import Resource, Rights, counted

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

DESCRIPTION = "Models that passed the quality gate"
RIGHTS = Rights(
    "model package group",
    ("sagemaker:CreateModelPackageGroup", "sagemaker:DescribeModelPackageGroup"),
    lambda names, group: names.arn("sagemaker", f"model-package-group/{group}"),
)


class ModelPackageGroup(Resource):
    """The versions of one stage's models."""

    kind = "model package group"

    def __init__(self, name: str, sagemaker: "SageMakerClient") -> None:
        self.name = name
        self._sagemaker = sagemaker

    def exists(self) -> bool:
        """Tell whether the group is there. AWS says so by ValidationException, as of much else."""
        try:
            self._sagemaker.describe_model_package_group(ModelPackageGroupName=self.name)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ValidationException":
                raise
            return False
        return True

    def create(self) -> None:
        """Create it."""
        self._sagemaker.create_model_package_group(
            ModelPackageGroupName=self.name, ModelPackageGroupDescription=DESCRIPTION
        )

    def delete(self) -> None:
        """Delete every version, which AWS asks for, and the group."""
        for arn in self._versions():
            self._sagemaker.delete_model_package(ModelPackageName=arn)
        self._sagemaker.delete_model_package_group(ModelPackageGroupName=self.name)

    def holds(self) -> str:
        """Say how many versions are registered."""
        return counted(len(self._versions()), "model version")

    def template(self) -> dict[str, CfnResource]:
        """The group, without its versions."""
        properties = {
            "ModelPackageGroupName": self.name,
            "ModelPackageGroupDescription": DESCRIPTION,
        }
        return {
            "ModelPackageGroup": resource("SageMaker::ModelPackageGroup", properties, **RETAINED)
        }

    def _versions(self) -> list[str]:
        pages = self._sagemaker.get_paginator("list_model_packages").paginate(
            ModelPackageGroupName=self.name
        )
        packages = [item for page in pages for item in page["ModelPackageSummaryList"]]
        return [package["ModelPackageArn"] for package in packages]
