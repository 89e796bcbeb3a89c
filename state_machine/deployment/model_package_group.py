"""The registry's group of a stage."""

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from state_machine.account import NO_RULES, Account
from state_machine.deployment.cloudformation import RETAINED, CfnResource, resource
from state_machine.deployment.resource import (
    Resource,
    Rights,
    Setting,
    counted,
    tag_list,
    tagging,
    tags_of,
    tags_setting,
)

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

DESCRIPTION = "Models that passed the quality gate"
RIGHTS = Rights(
    "model package group",
    ("sagemaker:CreateModelPackageGroup", "sagemaker:DescribeModelPackageGroup"),
    lambda names, group: names.arn("sagemaker", f"model-package-group/{group}"),
)
TAG_RIGHTS = tagging(
    "model package group",
    ("sagemaker:AddTags", "sagemaker:ListTags"),
    lambda names, group: names.arn("sagemaker", f"model-package-group/{group}"),
)


class ModelPackageGroup(Resource):
    """The versions of one stage's models, which have the group's tags and take none of their own.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModelPackage.html
    """

    kind = "model package group"

    def __init__(
        self, name: str, sagemaker: "SageMakerClient", account: Account = NO_RULES
    ) -> None:
        self.name = name
        self._tags = account.tags
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
        self._sagemaker.create_model_package_group(**self._properties())

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
        made = resource("SageMaker::ModelPackageGroup", self._properties(), **RETAINED)
        return {"ModelPackageGroup": made}

    def settings(self) -> list[Setting]:
        """The tags of the account."""
        return tags_setting(self._tags, self._found_tags, self._put_tags)

    def _properties(self) -> dict[str, Any]:
        return {
            "ModelPackageGroupName": self.name,
            "ModelPackageGroupDescription": DESCRIPTION,
            **({"Tags": tag_list(self._tags)} if self._tags else {}),
        }

    def _found_tags(self) -> dict[str, str]:
        pages = self._sagemaker.get_paginator("list_tags").paginate(ResourceArn=self._arn())
        return tags_of(tag for page in pages for tag in page["Tags"])

    def _put_tags(self, tags: dict[str, str]) -> None:
        self._sagemaker.add_tags(ResourceArn=self._arn(), Tags=tag_list(tags))

    def _arn(self) -> str:
        found = self._sagemaker.describe_model_package_group(ModelPackageGroupName=self.name)
        return found["ModelPackageGroupArn"]

    def _versions(self) -> list[str]:
        pages = self._sagemaker.get_paginator("list_model_packages").paginate(
            ModelPackageGroupName=self.name
        )
        packages = [item for page in pages for item in page["ModelPackageSummaryList"]]
        return [package["ModelPackageArn"] for package in packages]
