"""What operations raise. Each error says what was found and the next step.

RetrainError
 ├── CredentialsError      no credentials, or ones that AWS refuses
 ├── UnreachableError      nothing answers at the endpoint
 ├── NotDeployedError      the stage, its bucket or its state machine does not exist
 ├── AwsRefusedError       any other answer of AWS that is an error
 ├── InputError            an argument that cannot be used: a missing folder, broken JSON
 ├── ConfigurationError    pipeline.toml cannot be used
 ├── DeploymentFailedError a step of the deployment failed
 ├── LocalAwsError         the embedded AWS did not start, or ended
 ├── DatasetNotFoundError  every way to get the data set failed
 ├── NoExecutionError      there is no execution to follow, or the upload started none
 ├── StartRefusedError     start_retraining found nothing that it could start
 ├── FinalDecisionError    the gate rejected the model, and that cannot be resumed
 ├── NotRedrivableError    AWS refuses to resume the execution
 ├── NoVersionError        the registry holds no such model version, or none to roll back to
 └── ComparisonError       two model versions cannot be compared
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from state_machine.errors import ConfigError, DeploymentError, StageNameError

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

_CREDENTIAL_CODES = {
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
_NOT_DEPLOYED_CODES = {"NoSuchBucket", "StateMachineDoesNotExist"}


class RetrainError(Exception):
    """Base of every error that a person reads as one line, in the terminal or on a page.

    `next_step` is what the person may do about it, or empty.
    """

    def __init__(self, message: str, next_step: str = "") -> None:
        super().__init__(message)
        self.next_step = next_step


class CredentialsError(RetrainError):
    """There are no credentials, or AWS refuses them."""


class UnreachableError(RetrainError):
    """Nothing answers at the endpoint."""


class NotDeployedError(RetrainError):
    """The stage is not deployed in this account and region."""


class AwsRefusedError(RetrainError):
    """AWS answered with an error that has no class of its own here."""


class InputError(RetrainError):
    """An argument that cannot be used."""


class ConfigurationError(RetrainError):
    """pipeline.toml cannot be used."""


class DeploymentFailedError(RetrainError):
    """A step of the deployment failed."""


class LocalAwsError(RetrainError):
    """The embedded AWS did not start, or ended while it was needed."""


class DatasetNotFoundError(RetrainError):
    """Every way to get the data set failed."""


class NoExecutionError(RetrainError):
    """There is no execution to follow."""


class StartRefusedError(RetrainError):
    """start_retraining found nothing that it could start, or failed."""


class FinalDecisionError(RetrainError):
    """The gate rejected the model, and that cannot be resumed."""


class NotRedrivableError(RetrainError):
    """AWS refuses to resume the execution."""


class NoVersionError(RetrainError):
    """The registry holds no such model version, or none to roll back to."""


class ComparisonError(RetrainError):
    """Two model versions cannot be compared."""


@contextmanager
def translated() -> Iterator[None]:
    """Turn the errors of boto3 and of state_machine that a person can act on into this tree."""
    from botocore import exceptions  # noqa: PLC0415 (keeps `retrain --help` quick)

    try:
        yield
    except ConfigError as error:
        raise ConfigurationError(str(error)) from error
    except StageNameError as error:
        raise InputError(str(error)) from error
    except DeploymentError as error:
        raise DeploymentFailedError(str(error)) from error
    except (exceptions.NoCredentialsError, exceptions.PartialCredentialsError) as error:
        raise _no_credentials(str(error)) from error
    except exceptions.ProfileNotFound as error:
        raise CredentialsError(str(error), "correct AWS_PROFILE, or unset it") from error
    except exceptions.NoRegionError as error:
        raise CredentialsError(str(error), "set AWS_DEFAULT_REGION, e.g. us-east-1") from error
    except (exceptions.HTTPClientError, exceptions.ConnectionError) as error:
        raise UnreachableError(
            str(error),
            "check AWS_ENDPOINT_URL; `retrain local run` starts an AWS on this machine",
        ) from error
    except exceptions.ClientError as error:
        answer = error.response["Error"]
        raise _refused(answer.get("Code", "?"), answer.get("Message", ""), error) from error


def _no_credentials(message: str) -> CredentialsError:
    return CredentialsError(
        message.rstrip("."),
        "run `aws configure`, or `retrain local run` for an AWS on this machine",
    )


def _refused(code: str, message: str, error: "ClientError") -> RetrainError:
    message = message.rstrip(".")
    if code in _CREDENTIAL_CODES:
        return _no_credentials(f"{message} ({code})")
    if code in _NOT_DEPLOYED_CODES:
        return NotDeployedError(f"{message} ({code})", "run `retrain deploy` first")
    if code == "ExecutionDoesNotExist":
        return NoExecutionError(
            message, "check its name, and --stage; `retrain watch` finds the newest"
        )
    return AwsRefusedError(f"{error.operation_name}: {message} ({code})")
