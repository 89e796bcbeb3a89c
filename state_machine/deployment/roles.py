"""The roles: one for the state machine, one for each job, one for each Lambda."""

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from state_machine.account import NO_RULES, Account
from state_machine.config import PipelineConfig
from state_machine.deployment import policies
from state_machine.deployment.cloudformation import CfnResource, logical_id, resource
from state_machine.deployment.resource import (
    Resource,
    Rights,
    Setting,
    tag_list,
    tagging,
    tags_of,
    tags_setting,
)
from state_machine.functions.catalogue import LAMBDAS
from state_machine.functions.statements import Policy, in_buckets_of
from state_machine.images import repository_arn, repository_arns, serving_image, training_image
from state_machine.names import Names

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

POLICY_NAME = "retrain"
# Roles that earlier versions made: a deployment takes them away.
RETIRED = ("jobs",)
RIGHTS = Rights(
    "role",
    (
        "iam:CreateRole",
        "iam:DeleteRole",
        "iam:DeleteRolePolicy",
        "iam:GetRole",
        "iam:GetRolePolicy",
        "iam:ListAttachedRolePolicies",
        "iam:ListRolePolicies",
        "iam:PassRole",
        "iam:PutRolePolicy",
        "iam:UpdateAssumeRolePolicy",
    ),
    lambda names, _: names.role_arn("states"),
)
TAG_RIGHTS = tagging(
    "role", ("iam:ListRoleTags", "iam:TagRole"), lambda names, _: names.role_arn("states")
)
BOUNDARY_RIGHTS = Rights(
    "role's permissions boundary",
    ("iam:PutRolePermissionsBoundary",),
    lambda names, _: names.role_arn("states"),
    lambda account: bool(account.permissions_boundary),
)


def documents(config: PipelineConfig, names: Names) -> dict[str, tuple[Policy, Policy]]:
    """Return trust and policy of each role by its purpose, the scheduled Lambda's included."""
    group = names.model_package_group(config.registry.model_package_group)
    image = training_image(config.training, names.region, config.training.instance_type)
    serving = serving_image(config.training, names.region, config.registry.inference_instance_types)
    jobs = policies.job_policies(
        names,
        repository_arn(image, names.partition),
        config.tracking.mlflow_tracking_uri,
        config.account,
    )
    states = policies.state_machine_policy(
        names, group, repository_arn(serving, names.partition), config.account
    )
    read = repository_arns(config, names.region, names.partition)
    roles = {
        **{purpose: (policies.jobs_trust(names), policy) for purpose, policy in jobs.items()},
        "states": (policies.state_machine_trust(names), states),
        **{
            each.name: (
                policies.function_trust(),
                each.policy(names, group, read, config.account),
            )
            for each in LAMBDAS
        },
    }
    return {
        purpose: (trust, in_buckets_of(names.account, policy))
        for purpose, (trust, policy) in roles.items()
    }


class Role(Resource):
    """A role with one inline policy and nothing attached, below the account's path and boundary.

    What IAM answers may be some seconds old: it may not show what is there, and show what has gone.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html
    """

    kind = "role"

    def __init__(
        self,
        purpose: str,
        names: Names,
        trust: Policy,
        policy: Policy,
        iam: "IAMClient",
        *,
        wanted: bool = True,
        account: Account = NO_RULES,
    ) -> None:
        self.name = names.role(purpose)
        self._account = account
        self._purpose = purpose
        self.wanted = wanted
        self._trust = trust
        self._policy = policy
        self._iam = iam

    def exists(self) -> bool:
        """Tell whether a role of that name is there."""
        try:
            self._iam.get_role(RoleName=self.name)
        except self._iam.exceptions.NoSuchEntityException:
            return False
        return True

    def create(self) -> None:
        """Create it with the right trust and all that the account asks for; its policy comes after.

        What a service control policy refuses without boundary, tags or path is never there.
        """
        given = self._given()
        trust = json.dumps(self._trust)
        with suppress(self._iam.exceptions.EntityAlreadyExistsException):
            self._iam.create_role(RoleName=self.name, AssumeRolePolicyDocument=trust, **given)

    def delete(self) -> None:
        """Delete the role, with its policies."""
        self._put_policies({})
        self._detach(self._attached())
        with self._unless_unknown():
            self._iam.delete_role(RoleName=self.name)

    def settings(self) -> list[Setting]:
        """Whom it trusts, and what it may do: this policy and no other."""
        path = self._account.role_path
        return [
            Setting("path", path, self._path, self._move),
            *self._boundary_setting(),
            *tags_setting(self._account.tags, self._tags, self._put_tags),
            Setting("trust", self._trust, self._trusted, self._put_trust),
            Setting("policy", {POLICY_NAME: self._policy}, self._policies, self._put_policies),
            Setting("attached policies", [], self._unexpected, self._detach_unexpected),
        ]

    def template(self) -> dict[str, CfnResource]:
        """The role with its policy."""
        properties = {
            "RoleName": self.name,
            "AssumeRolePolicyDocument": self._trust,
            **self._given(),
            "Policies": [{"PolicyName": POLICY_NAME, "PolicyDocument": self._policy}],
        }
        return {logical_id(self._purpose, "Role"): resource("IAM::Role", properties)}

    def _given(self) -> dict[str, Any]:
        """What the account asks of a role, as IAM and CloudFormation take it."""
        account = self._account
        boundary = account.permissions_boundary
        return {
            **({"Path": account.role_path} if account.role_path != "/" else {}),
            **({"PermissionsBoundary": boundary} if boundary else {}),
            **({"Tags": tag_list(account.tags)} if account.tags else {}),
        }

    def _path(self) -> str:
        # One that IAM does not show yet was made a moment ago, where it shall be.
        return str(self._found().get("Path", self._account.role_path))

    def _move(self, _: Any) -> None:
        """Make it anew: IAM moves no role. Nobody can act with it for as long.

        https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateRole.html
        """
        self.delete()
        self.create()
        self._put_policies({POLICY_NAME: self._policy})

    def _boundary_setting(self) -> list[Setting]:
        """A boundary that pipeline.toml does not ask for is somebody's who watches the account."""
        wanted = self._account.permissions_boundary
        setting = Setting("permissions boundary", wanted, self._boundary, self._put_boundary)
        return [setting] if wanted else []

    def _boundary(self) -> str | None:
        return self._found().get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")

    def _put_boundary(self, arn: str) -> None:
        self._iam.put_role_permissions_boundary(RoleName=self.name, PermissionsBoundary=arn)

    def _tags(self) -> dict[str, str]:
        with self._unless_unknown():
            return tags_of(self._iam.list_role_tags(RoleName=self.name)["Tags"])
        return {}

    def _put_tags(self, tags: dict[str, str]) -> None:
        self._iam.tag_role(RoleName=self.name, Tags=tag_list(tags))

    def _trusted(self) -> Any:
        return self._found().get("AssumeRolePolicyDocument")

    def _found(self) -> Any:
        """Return the role as IAM shows it; nothing of one that it does not show yet."""
        with self._unless_unknown():
            return self._iam.get_role(RoleName=self.name)["Role"]
        return {}

    def _put_trust(self, document: Any) -> None:
        self._iam.update_assume_role_policy(RoleName=self.name, PolicyDocument=json.dumps(document))

    def _policies(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        with self._unless_unknown():
            for name in self._iam.list_role_policies(RoleName=self.name)["PolicyNames"]:
                policy = self._iam.get_role_policy(RoleName=self.name, PolicyName=name)
                found[name] = policy["PolicyDocument"]
        return found

    def _put_policies(self, documents: dict[str, Any]) -> None:
        for name, document in documents.items():
            self._iam.put_role_policy(
                RoleName=self.name, PolicyName=name, PolicyDocument=json.dumps(document)
            )
        for name in {POLICY_NAME, *self._policies()} - documents.keys():
            with self._unless_unknown():
                self._iam.delete_role_policy(RoleName=self.name, PolicyName=name)

    def _attached(self) -> list[str]:
        with self._unless_unknown():
            found = self._iam.list_attached_role_policies(RoleName=self.name)
            return [policy["PolicyArn"] for policy in found["AttachedPolicies"]]
        return []

    def _unexpected(self) -> list[str]:
        """Return the policies that neither the project nor the account's automation attached."""
        return sorted(set(self._attached()) - set(self._account.attached_policies))

    def _detach_unexpected(self, _: Any) -> None:
        self._detach(self._unexpected())

    def _detach(self, arns: list[str]) -> None:
        for arn in arns:
            with self._unless_unknown():
                self._iam.detach_role_policy(RoleName=self.name, PolicyArn=arn)

    def _unless_unknown(self) -> suppress:
        return suppress(self._iam.exceptions.NoSuchEntityException)
