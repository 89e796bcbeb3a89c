"""What operations raise. Each error says what was found and the next step.

RetrainError
 ├── CredentialsError      no credentials, or ones that AWS refuses
 ├── AwsSettingsError      a variable or a file that AWS's tools read cannot be used
 ├── UnreachableError      nothing answers at the endpoint
 ├── NotDeployedError      the stage, its bucket or its state machine does not exist
 ├── AwsRefusedError       any other answer of AWS that is an error
 ├── FileError             a file cannot be read or written, and why
 │    └── DiskFullError    there is no space left for it
 ├── InputError            an argument that cannot be used: a missing folder, broken JSON
 ├── ConfigurationError    pipeline.toml cannot be used
 ├── DeploymentFailedError a step of the deployment failed
 ├── LocalAwsError         the embedded AWS did not start, or ended
 ├── SiteEndedError        the console or MLflow did not start, or ended by itself
 ├── DatasetNotFoundError  every way to get the data set failed
 ├── NoExecutionError      there is no execution to follow, or the upload started none
 ├── StartRefusedError     start_retraining found nothing that it could start
 ├── FinalDecisionError    the gate rejected the model, and that cannot be resumed
 ├── NotRedrivableError    AWS refuses to resume the execution
 ├── NoVersionError        the registry holds no such model version, or none to roll back to
 └── ComparisonError       two model versions cannot be compared
"""

import errno
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from state_machine.errors import ConfigError, DeploymentError, StageNameError

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

_NEW_ONES = "get new credentials, by `aws sso login` or `aws configure`"
_NOT_THESE = "run `aws configure`, or `retrain local run` for an AWS on this machine"
# https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
_CREDENTIAL_CODES = {
    "AuthFailure": _NOT_THESE,
    "ExpiredToken": _NEW_ONES,
    "ExpiredTokenException": _NEW_ONES,
    "IncompleteSignature": _NOT_THESE,
    "InvalidAccessKeyId": _NOT_THESE,
    "InvalidClientTokenId": _NOT_THESE,
    "InvalidToken": _NEW_ONES,
    "MissingAuthenticationToken": _NOT_THESE,
    "NotSignedUp": _NOT_THESE,
    "RequestExpired": "set this machine's clock, or get new credentials",
    "RequestTimeTooSkewed": "set this machine's clock",
    "SignatureDoesNotMatch": _NOT_THESE,
    "TokenRefreshRequired": _NEW_ONES,
    "UnrecognizedClientException": _NOT_THESE,
}
# What botocore calls by itself, to get the credentials of a profile.
_ASKS_FOR_CREDENTIALS = {
    "AssumeRole",
    "AssumeRoleWithWebIdentity",
    "CreateOAuth2Token",
    "CreateToken",
    "GetRoleCredentials",
    "GetSessionToken",
}
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT}
# Data set, its versions and copies, three jobs' folders, model, the Lambdas' zips and what is
# unpacked of them, for a run of Fashion-MNIST; one of the sample takes less.
RUN_BYTES = 500_000_000
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


class AwsSettingsError(RetrainError):
    """A variable AWS_..., or a file that AWS's tools read, cannot be used."""


class UnreachableError(RetrainError):
    """Nothing answers at the endpoint."""


class NotDeployedError(RetrainError):
    """The stage is not deployed in this account and region."""


class AwsRefusedError(RetrainError):
    """AWS answered with an error that has no class of its own here."""


class FileError(RetrainError):
    """A file cannot be read or written."""


class DiskFullError(FileError):
    """There is no space left on the disk of a folder."""


class InputError(RetrainError):
    """An argument that cannot be used."""


class ConfigurationError(RetrainError):
    """pipeline.toml cannot be used."""


class DeploymentFailedError(RetrainError):
    """A step of the deployment failed."""


class LocalAwsError(RetrainError):
    """The embedded AWS did not start, or ended while it was needed."""


class SiteEndedError(RetrainError):
    """A server of web pages did not start, or ended by itself."""


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
    try:
        yield
    except ConfigError as error:
        raise ConfigurationError(str(error)) from error
    except StageNameError as error:
        raise InputError(str(error)) from error
    except DeploymentError as error:
        raise DeploymentFailedError(str(error)) from error
    except OSError as error:
        said = explained(error) or _of_a_file(error)
        if said is None:
            raise
        raise said from error
    except Exception as error:
        said = explained(error)
        if said is None:
            raise
        raise said from error


def explained(error: Exception) -> RetrainError | None:
    """Return what a person reads of an error of botocore's, None if nobody but us can act on it."""
    if "botocore.exceptions" not in sys.modules:
        return None  # nobody has raised it
    from botocore import exceptions  # noqa: PLC0415 (keeps `retrain --help` quick)

    if isinstance(error, exceptions.ClientError):
        answer = error.response.get("Error", {})
        return _refused(answer.get("Code", "?"), answer.get("Message", ""), error)
    if isinstance(error, EOFError):
        return CredentialsError("A question could not be answered, input has ended", _MFA)
    for ancestor in type(error).__mro__:
        if ancestor.__module__ == exceptions.__name__ and ancestor.__name__ in ANSWERS:
            kind, next_step = ANSWERS[ancestor.__name__]
            return kind(" ".join(str(error).split()).rstrip("."), next_step)
    return _of_a_setting(error) if isinstance(error, ValueError) else None


def _of_a_setting(error: ValueError) -> AwsSettingsError | None:
    """Return what a person reads of a variable or a profile's line that botocore cannot use."""
    if str(error).startswith("Invalid endpoint: "):
        return AwsSettingsError(str(error), "correct AWS_ENDPOINT_URL, e.g. http://127.0.0.1:5000")
    from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES  # noqa: PLC0415
    from botocore.session import Session  # noqa: PLC0415

    session = Session()
    for name, (in_a_file, variable, _, convert) in BOTOCORE_DEFAUT_SESSION_VARIABLES.items():
        try:
            if convert is not None:
                session.get_config_variable(name)
        except ValueError as found:
            where = " or ".join(filter(None, (variable, in_a_file and f"{in_a_file} of a profile")))
            return AwsSettingsError(f"{where}: {found}", _SETTINGS)
    return None


def disk_full(folder: Path, needed: int = RUN_BYTES) -> DiskFullError:
    """Say how much is left on the disk of a folder, and how much is needed; both in bytes."""
    left = shutil.disk_usage(folder).free
    return DiskFullError(
        f"{folder}: {left / 1e6:,.0f} MB are left on this disk, a run on this machine needs about "
        f"{needed / 1e6:,.0f} MB",
        "free some space; `retrain local reset` removes what the embedded AWS keeps",
    )


def _of_a_file(error: OSError) -> FileError | None:
    """Return what a person reads of a file that could not be used, None if it is about none."""
    if error.errno in _NO_SPACE:
        path = Path(error.filename or Path.cwd()).absolute()
        return disk_full(next(each for each in (path, *path.parents) if each.is_dir()))
    if error.filename is None:
        return None
    return FileError(f"{error.filename}: {error.strerror}", "correct the path, or the permissions")


_SSO = "run `aws sso login`, with --profile if AWS_PROFILE names one"
_LOGIN = "run `aws login`, with --profile if AWS_PROFILE names one"
_MFA = "run the command in a terminal and type the MFA code, or take temporary credentials"
_SOURCE = (
    "see why the profile's credential_process, role or container gives no credentials, "
    "or name another profile with AWS_PROFILE"
)
_ROLE = (
    "see whether the role trusts these credentials, or name another profile with AWS_PROFILE; "
    "`aws sts get-caller-identity` asks in the same way"
)
_REGION = "set AWS_DEFAULT_REGION to a region of AWS, e.g. us-east-1"
_SETTINGS = "correct ~/.aws/config, ~/.aws/credentials, or the variable AWS_... that is wrong"
_ENDPOINT = "check AWS_ENDPOINT_URL; `retrain local run` starts an AWS on this machine"
_PROXY = "check HTTPS_PROXY and HTTP_PROXY, or name the host in NO_PROXY"
_CERTIFICATES = "name the certificates of your company's proxy with AWS_CA_BUNDLE"
_AGAIN = "try again"
# What a person is told, for each class of botocore.exceptions and those below it:
# https://github.com/boto/botocore/blob/develop/botocore/exceptions.py
ANSWERS: dict[str, tuple[type[RetrainError], str]] = {
    "NoCredentialsError": (CredentialsError, _NOT_THESE),
    "PartialCredentialsError": (CredentialsError, _NOT_THESE),
    "ProfileNotFound": (CredentialsError, "correct AWS_PROFILE, or unset it"),
    "SSOError": (CredentialsError, _SSO),
    "NoAuthTokenError": (CredentialsError, _SSO),
    "TokenRetrievalError": (CredentialsError, _SSO),
    "LoginError": (CredentialsError, _LOGIN),
    "RefreshWithMFAUnsupportedError": (CredentialsError, _MFA),
    "CredentialRetrievalError": (CredentialsError, _SOURCE),
    "MetadataRetrievalError": (CredentialsError, _SOURCE),
    "NoRegionError": (CredentialsError, "set AWS_DEFAULT_REGION, e.g. us-east-1"),
    "UnknownRegionError": (AwsSettingsError, _REGION),
    "InvalidRegionError": (AwsSettingsError, _REGION),
    "ServiceNotInRegionError": (AwsSettingsError, _REGION),
    "BaseEndpointResolverError": (AwsSettingsError, _REGION),
    "EndpointProviderError": (AwsSettingsError, _REGION),
    "ConfigNotFound": (AwsSettingsError, _SETTINGS),
    "ConfigParseError": (AwsSettingsError, _SETTINGS),
    "InvalidChecksumConfigError": (AwsSettingsError, _SETTINGS),
    "InvalidConfigError": (AwsSettingsError, _SETTINGS),
    "InvalidDefaultsMode": (AwsSettingsError, _SETTINGS),
    "InvalidEndpointConfigurationError": (AwsSettingsError, _SETTINGS),
    "InvalidEndpointDiscoveryConfigurationError": (AwsSettingsError, _SETTINGS),
    "InvalidIMDSEndpointError": (AwsSettingsError, _SETTINGS),
    "InvalidIMDSEndpointModeError": (AwsSettingsError, _SETTINGS),
    "InvalidProxiesConfigError": (AwsSettingsError, _SETTINGS),
    "InvalidRetryConfigurationError": (AwsSettingsError, _SETTINGS),
    "InvalidS3AddressingStyleError": (AwsSettingsError, _SETTINGS),
    "InvalidS3UsEast1RegionalEndpointConfigError": (AwsSettingsError, _SETTINGS),
    "InvalidSTSRegionalEndpointsConfigError": (AwsSettingsError, _SETTINGS),
    "UnknownCredentialError": (AwsSettingsError, _SETTINGS),
    "UnknownSignatureVersionError": (AwsSettingsError, _SETTINGS),
    "UnknownTokenProviderError": (AwsSettingsError, _SETTINGS),
    "UnsupportedS3ConfigurationError": (AwsSettingsError, _SETTINGS),
    "UnsupportedS3AccesspointConfigurationError": (AwsSettingsError, _SETTINGS),
    "UnsupportedS3ControlConfigurationError": (AwsSettingsError, _SETTINGS),
    "UnsupportedSignatureVersionError": (AwsSettingsError, _SETTINGS),
    "MissingDependencyException": (AwsSettingsError, "install what it names, or set it otherwise"),
    "SSLError": (UnreachableError, _CERTIFICATES),
    "ProxyConnectionError": (UnreachableError, _PROXY),
    "ConnectionError": (UnreachableError, _ENDPOINT),
    "HTTPClientError": (UnreachableError, _ENDPOINT),
    "CapacityNotAvailableError": (UnreachableError, _AGAIN),
    "ChecksumError": (UnreachableError, _AGAIN),
    "FlexibleChecksumError": (UnreachableError, _AGAIN),
    "IncompleteReadError": (UnreachableError, _AGAIN),
    "WaiterError": (AwsRefusedError, _AGAIN),
    "InvalidDNSNameError": (InputError, "check the names that were given, --stage among them"),
    "InvalidHostLabelError": (InputError, "check the names that were given, --stage among them"),
    "ParamValidationError": (InputError, "check the names that were given, --stage among them"),
}
# Mistakes of whoever wrote the code, who needs the traceback.
LEFT = {
    "ApiVersionNotFoundError",
    "AwsChunkedWrapperError",
    "BotoCoreError",
    "DataNotFoundError",
    "InvalidExpressionError",
    "MD5UnavailableError",
    "MissingParametersError",
    "OperationNotPageableError",
    "PaginationError",
    "StubResponseError",
    "UndefinedModelAttributeError",
    "UnknownClientMethodError",
    "UnknownServiceStyle",
    "UnseekableStreamError",
    "UnsupportedOutpostResourceError",
    "UnsupportedS3ArnError",
    "UnsupportedS3ControlArnError",
    "UnsupportedServiceProtocolsError",
    "ValidationError",
    "WaiterConfigError",
}


def _refused(code: str, message: str, error: "ClientError") -> RetrainError:
    message = message.rstrip(".")
    if code in _CREDENTIAL_CODES:
        return CredentialsError(f"{message} ({code})", _CREDENTIAL_CODES[code])
    if error.operation_name in _ASKS_FOR_CREDENTIALS:
        return CredentialsError(f"{error.operation_name}: {message} ({code})", _ROLE)
    if code in _NOT_DEPLOYED_CODES:
        return NotDeployedError(f"{message} ({code})", "run `retrain deploy` first")
    if code == "ExecutionDoesNotExist":
        return NoExecutionError(
            message, "check its name, and --stage; `retrain watch` finds the newest"
        )
    return AwsRefusedError(f"{error.operation_name}: {message} ({code})")
