"""What Step Functions asks of a role when a state machine is created or updated with it.

Whoever creates the machine, Step Functions must be let to assume its role, and the role must be let
to do what the service sets up with it.
"""

import re
import secrets
from functools import cache
from typing import Any

from moto.stepfunctions.exceptions import AWSError
from moto.stepfunctions.models import StepFunctionBackend

from local_aws.iam import sessions
from local_aws.iam.authorization import UnassumableRoleError, allows_all, check_assumable
from local_aws.iam.sessions import Session
from local_aws.wrapping import Original, wrap

_SYNC_JOB = re.compile(r"sagemaker:create(\w+)Job\.sync")
# https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html
_MANAGING_RULES = ("events:PutRule", "events:PutTargets", "events:DescribeRule")
# Its example has CreateLogStream and PutLogEvents too; log delivery, which writes, needs neither.
# https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html#cloudwatch-iam-policy
_DELIVERING_LOGS = (
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
)


class AccessDeniedException(AWSError):
    """The role may not be assumed, or lacks what the machine's definition needs of it."""

    TYPE = "AccessDeniedException"


def install() -> None:
    """Have roles checked, where moto takes any ARN."""
    wrap(StepFunctionBackend, "create_state_machine", _create)
    wrap(StepFunctionBackend, "update_state_machine", _update)


@cache
def session_of(role_arn: str) -> Session:
    """Return the role at work for the machines that have it."""
    return sessions.issue(role_arn, secrets.token_hex(16))  # the form of AWS's own names


def _create(
    original: Original,
    self: StepFunctionBackend,
    name: str,
    definition: str,
    roleArn: str,
    **more: Any,
) -> Any:
    where = f"arn:{self.partition}:states:{self.region_name}:{self.account_id}"
    machine = f"{where}:stateMachine:{name}"
    _check(machine, roleArn, definition, more.get("loggingConfiguration"))
    return original(self, name=name, definition=definition, roleArn=roleArn, **more)


def _update(
    original: Original,
    self: StepFunctionBackend,
    arn: str,
    definition: str | None = None,
    role_arn: str | None = None,
    **more: Any,
) -> Any:
    machine = self.describe_state_machine(arn)
    _check(
        arn,
        role_arn or machine.roleArn,
        definition or str(machine.definition),
        more.get("logging_configuration") or machine.loggingConfiguration,
    )
    return original(self, arn, definition, role_arn, **more)


def _check(machine: str, role_arn: str, definition: str, logging: Any) -> None:
    try:
        check_assumable(role_arn, "states.amazonaws.com", machine)
    except UnassumableRoleError as error:
        raise AccessDeniedException(
            "Neither the global service principal states.amazonaws.com, nor the regional one is "
            "authorized to assume the provided role."
        ) from error
    session = session_of(role_arn)
    for kind in dict.fromkeys(_SYNC_JOB.findall(definition)):
        where = machine.partition(":stateMachine:")[0].replace(":states:", ":events:")
        rule = f"{where}:rule/StepFunctionsGetEventsForSageMaker{kind}JobsRule"
        if not allows_all(session, _MANAGING_RULES, rule):
            raise AccessDeniedException(f"'{role_arn}' is not authorized to create managed-rule.")
    logs = (logging or {}).get("level", "OFF") != "OFF"
    if logs and not allows_all(session, _DELIVERING_LOGS):
        raise AccessDeniedException(
            "The state machine IAM Role is not authorized to access the Log Destination"
        )
