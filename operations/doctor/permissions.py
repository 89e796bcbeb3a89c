"""Whether these credentials may deploy, as IAM's policy simulator sees it. Nothing is deployed.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from operations.doctor.account import Account
from operations.doctor.findings import Finding, ok, problem, warning
from state_machine.deployment.messaging import FAILED_EVENTS
from state_machine.names import Names

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

PERMISSIONS = "iam:SimulatePrincipalPolicy, and iam:GetRole where a role is taken"
ALLOWED = "allowed"

# What a deployment does to each kind of resource. A test holds it against a deployment's calls.
ACTIONS = {
    "bucket": (
        "s3:CreateBucket",
        "s3:GetBucketNotification",
        "s3:GetBucketPolicy",
        "s3:GetBucketPublicAccessBlock",
        "s3:GetBucketVersioning",
        "s3:GetEncryptionConfiguration",
        "s3:GetLifecycleConfiguration",
        "s3:ListBucket",
        "s3:PutBucketNotification",
        "s3:PutBucketPolicy",
        "s3:PutBucketPublicAccessBlock",
        "s3:PutBucketVersioning",
        "s3:PutEncryptionConfiguration",
        "s3:PutLifecycleConfiguration",
    ),
    "objects": ("s3:PutObject",),
    "role": (
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
    "function": (
        "lambda:AddPermission",
        "lambda:CreateFunction",
        "lambda:DeleteFunction",
        "lambda:DeleteFunctionConcurrency",
        "lambda:GetFunction",
        "lambda:GetFunctionConfiguration",
        "lambda:GetFunctionEventInvokeConfig",
        "lambda:GetPolicy",
        "lambda:ListTags",
        "lambda:PutFunctionEventInvokeConfig",
        "lambda:TagResource",
        "lambda:UntagResource",
        "lambda:UpdateFunctionCode",
        "lambda:UpdateFunctionConfiguration",
    ),
    "state machine": (
        "states:CreateStateMachine",
        "states:DescribeStateMachine",
        "states:UpdateStateMachine",
    ),
    "topic": (
        "sns:CreateTopic",
        "sns:GetTopicAttributes",
        "sns:ListSubscriptionsByTopic",
        "sns:Subscribe",
    ),
    "queue": (
        "sqs:CreateQueue",
        "sqs:GetQueueAttributes",
        "sqs:GetQueueUrl",
        "sqs:SetQueueAttributes",
    ),
    "rule": (
        "events:DeleteRule",
        "events:DescribeRule",
        "events:ListTargetsByRule",
        "events:PutRule",
        "events:PutTargets",
        "events:RemoveTargets",
    ),
    "model package group": (
        "sagemaker:CreateModelPackageGroup",
        "sagemaker:DescribeModelPackageGroup",
    ),
    "log group": (
        "logs:CreateLogGroup",
        "logs:DeleteLogGroup",
        "logs:DescribeLogGroups",
        "logs:PutRetentionPolicy",
    ),
}


def deployment(account: Account, model_package_group: str) -> Finding:
    """Whether every action of a deployment is allowed; those that are not are named."""
    iam = account.client("iam")
    source = source_arn(account.principal, iam)
    if source is None:
        found = f"IAM's simulator knows only users and roles, not {account.principal}"
        return warning("permissions", found, "look at the policies of whoever deploys")
    refused = list(_refused(iam, source, _resources(account.names, model_package_group)))
    denied = [what for what, unclear in refused if not unclear]
    if denied:
        found = f"{source} may not {', '.join(denied)}"
        return problem("permissions", found, "have these actions allowed, or take another role")
    if refused:
        told = ", ".join(what for what, _ in refused)
        found = f"of conditions it depends whether {source} may {told}"
        return warning("permissions", found, "look at the conditions of its policies")
    return ok("permissions", f"{source} may deploy, as far as IAM's simulator knows")


def source_arn(principal: str, iam: "IAMClient") -> str | None:
    """The ARN by which IAM knows who asks; None for those that its simulator does not take.

    A session's ARN leaves out the path of its role:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
    """
    kind, _, name = principal.split(":", 5)[5].partition("/")
    if kind == "user":
        return principal
    if kind == "assumed-role":
        return iam.get_role(RoleName=name.split("/")[0])["Role"]["Arn"]
    return None


def _refused(
    iam: "IAMClient", source: str, resources: dict[str, str]
) -> Iterator[tuple[str, bool]]:
    """What the simulator does not allow, and whether it lacked a condition's value to say so."""
    for kind, actions in ACTIONS.items():
        pages = iam.get_paginator("simulate_principal_policy").paginate(
            PolicySourceArn=source, ActionNames=actions, ResourceArns=[resources[kind]]
        )
        for result in (result for page in pages for result in page["EvaluationResults"]):
            if result["EvalDecision"] != ALLOWED:
                unclear = bool(result.get("MissingContextValues"))
                yield f"{result['EvalActionName']} on the {kind}", unclear


def _resources(names: Names, group: str) -> dict[str, str]:
    """One resource of each kind that stands for all of its kind in the stage."""
    place = f"{names.partition}:{{}}:{names.region}:{names.account}"
    return {
        "bucket": f"arn:{names.partition}:s3:::{names.bucket}",
        "objects": f"arn:{names.partition}:s3:::{names.bucket}/code/sourcedir.tar.gz",
        "role": names.role_arn("states"),
        "function": names.function_arn("on_upload"),
        "state machine": names.state_machine_arn,
        "topic": names.topic_arn("retrain"),
        "queue": names.queue_arn(FAILED_EVENTS),
        "rule": f"arn:{place.format('events')}:rule/{names.rule('on_upload')}",
        "log group": names.log_group_arn(names.function_log_group("on_upload")),
        "model package group": f"arn:{place.format('sagemaker')}:model-package-group/{group}",
    }
