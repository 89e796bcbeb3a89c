"""Whether these credentials may deploy, as IAM's policy simulator sees it. Nothing is deployed.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from operations.doctor.account import Account
from operations.doctor.findings import Finding, ok, problem, warning
from state_machine.account import NO_RULES
from state_machine.account import Account as Rules
from state_machine.deployment.resource import Rights
from state_machine.deployment.stage import RIGHTS

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

PERMISSIONS = "iam:SimulatePrincipalPolicy, and iam:GetRole where a role is taken"
ALLOWED = "allowed"


def deployment(account: Account, model_package_group: str, rules: Rules = NO_RULES) -> Finding:
    """Whether every action of a deployment is allowed; those that are not are named.

    `rules` are those of `[account]`, which ask for more.
    """
    iam = account.client("iam")
    source = source_arn(account.principal, iam)
    if source is None:
        found = f"IAM's simulator knows only users and roles, not {account.principal}"
        return warning("permissions", found, "look at the policies of whoever deploys")
    refused = [
        found
        for rights in RIGHTS
        if rights.wanted(rules)
        for found in _refused(
            iam, source, rights, rights.on(account.names, model_package_group, rules)
        )
    ]
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
    iam: "IAMClient", source: str, rights: Rights, resource: str
) -> Iterator[tuple[str, bool]]:
    """What the simulator does not allow, and whether it lacked a condition's value to say so."""
    pages = iam.get_paginator("simulate_principal_policy").paginate(
        PolicySourceArn=source, ActionNames=rights.actions, ResourceArns=[resource]
    )
    for result in (result for page in pages for result in page["EvaluationResults"]):
        if result["EvalDecision"] != ALLOWED:
            unclear = bool(result.get("MissingContextValues"))
            yield f"{result['EvalActionName']} on the {rights.kind}", unclear
