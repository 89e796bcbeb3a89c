"""The execution role of a function: who may assume it, and what Lambda sends with its rights.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html
"""

from functools import cache
from typing import Any

from moto.awslambda.exceptions import InvalidParameterValueException
from moto.awslambda.models import LambdaBackend, LambdaFunction

from local_aws.arns import service_of
from local_aws.iam import sessions
from local_aws.iam.actions.dependent import key_of_messages
from local_aws.iam.authorization import UnassumableRoleError, allows, check, check_assumable
from local_aws.iam.policies import Request
from local_aws.iam.sessions import Session
from local_aws.wrapping import Original, wrap

_SENDING = {
    "sqs": ("sqs:SendMessage", "SQS"),
    "sns": ("sns:Publish", "SNS"),
    "lambda": ("lambda:InvokeFunction", "Lambda"),
    "events": ("events:PutEvents", "EventBridge"),
}
# "make sure to add all of the following permissions": the page of _check_network.
_CONNECTING = (
    "CreateNetworkInterface",
    "DescribeNetworkInterfaces",
    "DescribeSubnets",
    "DeleteNetworkInterface",
    "AssignPrivateIpAddresses",
    "UnassignPrivateIpAddresses",
)


def install() -> None:
    """Have roles checked, of which moto only asks that they are there."""
    wrap(LambdaBackend, "create_function", _create)
    wrap(LambdaBackend, "update_function_configuration", _update)


def check_may_send(function: LambdaFunction, target_arn: str) -> None:
    """Let the function's role send to the target, and use the key that encrypts messages there.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html

    Raises AccessDeniedError.
    """
    check(session_of(function), Request(_SENDING[service_of(target_arn)][0], target_arn))
    if key := key_of_messages(target_arn):
        for action in ("kms:GenerateDataKey", "kms:Decrypt"):
            check(session_of(function), Request(action, key))


def check_destination(function: LambdaFunction, target_arn: str) -> None:
    """Refuse a destination that the function's role may not send to, as AWS does.

    Raises InvalidParameterValueException.
    """
    _check_sending(session_of(function), target_arn, "The function's execution role", target_arn)


def session_of(function: LambdaFunction) -> Session:
    """Return the function's role at work for Lambda itself, not for the function's code."""
    return _session(function.role, function.function_name)


@cache
def _session(role_arn: str, function: str) -> Session:
    return sessions.issue(role_arn, function)


def _create(original: Original, self: LambdaBackend, spec: dict[str, Any]) -> LambdaFunction:
    _check_role(self, str(spec.get("FunctionName")), spec.get("Role", ""), spec)
    return original(self, spec)


def _update(
    original: Original,
    self: LambdaBackend,
    function_name: str,
    qualifier: str,
    body: dict[str, Any],
) -> dict[str, Any] | None:
    function = self.get_function(function_name, qualifier)
    _check_role(self, function.function_name, body.get("Role") or function.role, body)
    return original(self, function_name, qualifier, body)


def _check_role(backend: LambdaBackend, name: str, role_arn: str, spec: dict[str, Any]) -> None:
    where = f"arn:{backend.partition}:lambda:{backend.region_name}:{backend.account_id}"
    try:
        check_assumable(role_arn, "lambda.amazonaws.com", f"{where}:function:{name}")
    except UnassumableRoleError as error:
        raise InvalidParameterValueException(
            "The role defined for the function cannot be assumed by Lambda."
        ) from error
    if (spec.get("VpcConfig") or {}).get("SubnetIds"):
        _check_network(_session(role_arn, name))
    target = (spec.get("DeadLetterConfig") or {}).get("TargetArn")
    if target:
        service = _SENDING.get(service_of(target), ("", ""))[1]
        _check_sending(
            _session(role_arn, name), target, "The provided execution role", service or target
        )


def _check_network(session: Session) -> None:
    """Refuse a function in a VPC whose role may not connect it, as AWS does: in these words.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
    """
    for action in _CONNECTING:
        if not allows(session, f"ec2:{action}"):
            raise InvalidParameterValueException(
                f"The provided execution role does not have permissions to call {action} on EC2"
            )


def _check_sending(session: Session, target: str, role: str, named: str) -> None:
    action, _ = _SENDING.get(service_of(target), ("", ""))
    if action and not allows(session, action, target):
        raise InvalidParameterValueException(
            f"{role} does not have permissions to call {action.partition(':')[2]} on {named}"
        )
