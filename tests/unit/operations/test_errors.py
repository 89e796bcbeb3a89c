"""boto3's errors, as the command line shows them."""

import pytest
from botocore import exceptions

from operations import errors
from operations.errors import RetrainError, translated
from state_machine.errors import ConfigError, DeploymentError
from tests.fakes.terminal import client_error


@pytest.mark.parametrize(
    ("raised", "expected", "next_step"),
    [
        (exceptions.NoCredentialsError(), errors.CredentialsError, "aws configure"),
        (exceptions.NoRegionError(), errors.CredentialsError, "AWS_DEFAULT_REGION"),
        (exceptions.ProfileNotFound(profile="x"), errors.CredentialsError, "AWS_PROFILE"),
        (client_error("ExpiredToken"), errors.CredentialsError, "aws configure"),
        (
            exceptions.EndpointConnectionError(endpoint_url="http://127.0.0.1:1"),
            errors.UnreachableError,
            "AWS_ENDPOINT_URL",
        ),
        (
            exceptions.ReadTimeoutError(endpoint_url="http://127.0.0.1:1"),
            errors.UnreachableError,
            "AWS_ENDPOINT_URL",
        ),
        (client_error("NoSuchBucket"), errors.NotDeployedError, "retrain deploy"),
        (client_error("StateMachineDoesNotExist"), errors.NotDeployedError, "retrain deploy"),
        (client_error("AccessDenied"), errors.AwsRefusedError, ""),
        (ConfigError("pipeline.toml: name"), errors.ConfigurationError, ""),
        (DeploymentError("chalice deploy"), errors.DeploymentFailedError, ""),
    ],
)
def test_each_error_has_its_class_and_its_next_step(
    raised: Exception, expected: type[RetrainError], next_step: str
) -> None:
    with pytest.raises(expected) as shown, translated():
        raise raised
    assert next_step in shown.value.next_step
    assert str(shown.value)


def test_a_refusal_names_operation_message_and_code() -> None:
    expected = r"^Operation: not you \(AccessDenied\)$"
    with pytest.raises(errors.AwsRefusedError, match=expected), translated():
        raise client_error("AccessDenied", message="not you.")


def test_other_errors_pass_unchanged() -> None:
    with pytest.raises(ZeroDivisionError), translated():
        raise ZeroDivisionError


def test_the_docstring_draws_the_whole_tree() -> None:
    for error in RetrainError.__subclasses__():
        assert error.__name__ in (errors.__doc__ or "")
