"""The Model Registry, where moto's differs from AWS's.

AWS writes names in lower case into ARNs, which a policy is held against with their case: the
versions of the group AbaloneModelPackageGroupName in
https://docs.aws.amazon.com/sagemaker/latest/dg/define-pipeline.html are, in
https://docs.aws.amazon.com/sagemaker/latest/dg/run-pipeline.html, of
model-package/abalonemodelpackagegroupname. moto does so for versions, and not for groups. That the
ARNs of jobs are the same is believed; theirs are left as moto has them.
"""

import threading
from collections.abc import Mapping
from typing import Any

from moto.core.responses import EmptyResult
from moto.ecr.exceptions import RepositoryNotFoundException
from moto.sagemaker.exceptions import AWSValidationException, ConflictException
from moto.sagemaker.models import (
    ModelPackage,
    ModelPackageGroup,
    SageMakerModelBackend,
    sagemaker_backends,
)
from moto.sagemaker.responses import SageMakerResponse

from local_aws.ecr import images
from local_aws.ecr.images import NoImageError
from local_aws.wrapping import Original, replace, wrap

_registering = threading.Lock()
# "In this case, you cannot supply a tag argument"; AWS's words of the refusal are not known.
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModelPackage.html
_TAGGED = "Tags cannot be given to a version, which has those of its model package group."


def install() -> None:
    """Correct moto's actions on model packages and their groups."""
    wrap(SageMakerModelBackend, "create_model_package_group", _create_group)
    wrap(SageMakerModelBackend, "create_model_package", _create)
    wrap(SageMakerModelBackend, "update_model_package", _update)
    wrap(SageMakerModelBackend, "_get_resource_from_arn", _find)
    wrap(ModelPackage, "__init__", _init)
    wrap(ModelPackageGroup, "__init__", _init_group)
    replace(
        SageMakerResponse,
        delete_model_package=_answer_delete,
        delete_model_package_group=_answer_delete_group,
    )


def _create_group(
    original: Original,
    self: SageMakerModelBackend,
    model_package_group_name: str,
    *args: Any,
    **options: Any,
) -> str:
    """AWS refuses the name of a group that exists; moto would replace the group."""
    with _registering:
        group = self.model_package_groups.get(model_package_group_name)
        if group is not None:
            raise AWSValidationException(f"Model Package Group already exists: {group.arn}")
        return original(self, model_package_group_name, *args, **options)


def _create(
    original: Original,
    self: SageMakerModelBackend,
    model_package_group_name: str | None = None,
    client_token: str | None = None,
    **request: Any,
) -> str:
    """Register once per ClientToken, number the versions one by one, and default the approval.

    AWS makes the call idempotent by ClientToken, takes a group by its ARN as well, and gives a
    version that names no approval status PendingManualApproval; moto does neither.
    """
    _check_images(request.get("inference_specification") or {})
    if model_package_group_name is not None:
        if request.get("tags"):
            raise AWSValidationException(_TAGGED)
        model_package_group_name = model_package_group_name.rsplit("/", 1)[-1]
        request["model_approval_status"] = (
            request.get("model_approval_status") or "PendingManualApproval"
        )
    with _registering:
        if client_token is not None:
            for package in self.model_packages.values():
                if package.client_token == client_token:
                    return package.arn
        return original(
            self,
            model_package_group_name=model_package_group_name,
            client_token=client_token,
            **request,
        )


def _check_images(specification: Mapping[str, Any]) -> None:
    """Refuse images of ECR that are not there, in the words of CreateModel.

    https://github.com/aws-samples/easy-amazon-sagemaker-deployments/issues/4
    That CreateModelPackage looks for them too is believed: it takes the image's digest, and the
    policy in local_aws/iam/actions/dependent.py has the rights for that.
    """
    for container in specification.get("Containers", ()):
        try:
            images.check_reference(str(container.get("Image")))
        except (RepositoryNotFoundException, NoImageError) as error:
            message = f"Requested image {container['Image']} not found."
            raise AWSValidationException(message) from error


def _init_group(
    original: Original, self: ModelPackageGroup, *arguments: Any, **options: Any
) -> None:
    """Have the name in lower case in the ARN."""
    original(self, *arguments, **options)
    before, _, name = self.arn.rpartition("/")
    self.arn = f"{before}/{name.lower()}"


def _find(original: Original, self: SageMakerModelBackend, arn: str) -> Any:
    """Find a group by its ARN; moto looks for a group of the name that the ARN has."""
    for group in list(self.model_package_groups.values()):
        if group.arn == arn:
            return group
    return original(self, arn)


def _update(
    original: Original, self: SageMakerModelBackend, model_package_arn: str, **changes: Any
) -> str:
    """Change only what the request names, and add to the metadata; moto would empty the rest."""
    package: ModelPackage = self.describe_model_package(model_package_arn)
    with _registering:
        status = changes.pop("model_approval_status") or package.model_approval_status
        description = changes.pop("approval_description") or package.approval_description
        metadata = {
            **(package.customer_metadata_properties or {}),
            **(changes.pop("customer_metadata_properties") or {}),
        }
        return original(
            self,
            model_package_arn,
            model_approval_status=status,
            approval_description=description,
            customer_metadata_properties=metadata,
            **changes,
        )


def _init(
    original: Original,
    self: ModelPackage,
    model_package_version: int | None = None,
    **request: Any,
) -> None:
    """Give no number again that a deleted version had; moto counts what is there."""
    if model_package_version is not None:
        backend = sagemaker_backends[request["account_id"]][request["region_name"]]
        group = backend.model_package_groups[request["model_package_group_name"]]
        model_package_version += _numbers_gone(group)
    original(self, model_package_version=model_package_version, **request)


def _answer_delete(response: SageMakerResponse) -> EmptyResult:
    """https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteModelPackage.html"""
    backend = response.sagemaker_backend
    package = backend.describe_model_package(response._get_param("ModelPackageName"))
    with _registering:
        del backend.model_packages[package.arn]
        for name in (package.arn, package.model_package_name):
            backend.model_package_name_mapping.pop(name, None)
        group: Any = backend.model_package_groups.get(package.model_package_group_name or "")
        if group is not None:
            group.numbers_gone = _numbers_gone(group) + 1
    return EmptyResult()


def _answer_delete_group(response: SageMakerResponse) -> EmptyResult:
    """https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteModelPackageGroup.html"""
    backend, name = response.sagemaker_backend, response._get_param("ModelPackageGroupName")
    group = backend.describe_model_package_group(name)
    with _registering:
        packages = backend.model_packages.values()
        if any(package.model_package_group_name == name for package in packages):
            raise ConflictException(
                f"Model Package Group {group.arn} cannot be deleted: it has model packages."
            )
        del backend.model_package_groups[name]
    return EmptyResult()


def _numbers_gone(group: Any) -> int:
    return getattr(group, "numbers_gone", 0)
