"""boto3's errors, as the command line shows them."""

import errno
import inspect
import re
from pathlib import Path

import boto3
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
        (exceptions.SSOTokenLoadError(error_msg="x"), errors.CredentialsError, "aws sso login"),
        (exceptions.UnauthorizedSSOTokenError(), errors.CredentialsError, "aws sso login"),
        (exceptions.LoginRefreshRequired(), errors.CredentialsError, "aws login"),
        (
            exceptions.TokenRetrievalError(provider="sso", error_msg="x"),
            errors.CredentialsError,
            "aws sso login",
        ),
        (
            exceptions.CredentialRetrievalError(provider="custom-process", error_msg="no\nkey"),
            errors.CredentialsError,
            "credential_process",
        ),
        (exceptions.ConfigParseError(path="x"), errors.AwsSettingsError, "~/.aws/config"),
        (exceptions.InvalidConfigError(error_msg="x"), errors.AwsSettingsError, "~/.aws/config"),
        (exceptions.RefreshWithMFAUnsupportedError(), errors.CredentialsError, "MFA"),
        (EOFError(), errors.CredentialsError, "MFA"),
        (ValueError("Invalid endpoint: here"), errors.AwsSettingsError, "AWS_ENDPOINT_URL"),
        (exceptions.InvalidRegionError(region_name="a/b"), errors.AwsSettingsError, "us-east-1"),
        (exceptions.ProxyConnectionError(proxy_url="x"), errors.UnreachableError, "NO_PROXY"),
        (exceptions.SSLError(endpoint_url="x", error="y"), errors.UnreachableError, "CA_BUNDLE"),
        (exceptions.ParamValidationError(report="x"), errors.InputError, "--stage"),
        (client_error("RequestTimeTooSkewed"), errors.CredentialsError, "clock"),
        (client_error("AccessDenied", operation="AssumeRole"), errors.CredentialsError, "trusts"),
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
    assert "\n" not in f"{shown.value}{shown.value.next_step}"


def test_a_refusal_names_operation_message_and_code() -> None:
    expected = r"^Operation: not you \(AccessDenied\)$"
    with pytest.raises(errors.AwsRefusedError, match=expected), translated():
        raise client_error("AccessDenied", message="not you.")


def test_other_errors_pass_unchanged() -> None:
    with pytest.raises(ZeroDivisionError), translated():
        raise ZeroDivisionError


def test_the_docstring_draws_the_whole_tree() -> None:
    for error in (*RetrainError.__subclasses__(), errors.DiskFullError):
        assert error.__name__ in (errors.__doc__ or "")


def classes_of_botocore() -> list[type[Exception]]:
    return [
        each
        for each in vars(exceptions).values()
        if inspect.isclass(each)
        and issubclass(each, Exception)
        and not issubclass(each, Warning | exceptions.ClientError)
        and each.__module__ == exceptions.__name__
    ]


def test_every_error_of_botocore_is_explained_or_left_on_purpose() -> None:
    """A new version of botocore, with a class that nobody has thought of, fails here."""
    known = errors.ANSWERS.keys() | errors.LEFT - {"BotoCoreError"}
    unknown = {
        each.__name__
        for each in classes_of_botocore()
        if each is not exceptions.BotoCoreError
        and not known & {ancestor.__name__ for ancestor in each.__mro__}
    }
    assert unknown == set()
    assert errors.ANSWERS.keys() | errors.LEFT <= {each.__name__ for each in classes_of_botocore()}


@pytest.mark.parametrize("raised", [ZeroDivisionError(), ValueError("no endpoint")])
def test_what_only_we_can_act_on_keeps_its_traceback(raised: Exception) -> None:
    assert errors.explained(raised) is None
    assert errors.explained(exceptions.UnknownClientMethodError(method_name="x")) is None


def test_a_full_disk_names_the_folder_what_is_left_and_what_a_run_needs(tmp_path: Path) -> None:
    with pytest.raises(errors.DiskFullError) as raised, translated():
        raise OSError(errno.ENOSPC, "No space left on device", str(tmp_path / "new" / "file"))
    said = rf"{tmp_path}: [\d,]+ MB are left on this disk, a run on this machine needs about 500 MB"
    assert re.fullmatch(said, str(raised.value))


def test_a_full_disk_is_told_of_a_write_that_names_no_file() -> None:
    """`write` of a file that is open names none: /dev/full is one that takes no byte."""
    with pytest.raises(errors.DiskFullError), translated(), Path("/dev/full").open("w") as full:
        full.write("x")


def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    missing = tmp_path / "token"
    with pytest.raises(errors.FileError, match=f"^{missing}: No such file"), translated():
        missing.read_text()


def test_an_error_of_the_system_without_a_file_keeps_its_traceback() -> None:
    with pytest.raises(BlockingIOError), translated():
        raise BlockingIOError(errno.EAGAIN, "try again")


@pytest.mark.parametrize(
    "variable",
    ["AWS_MAX_ATTEMPTS", "AWS_METADATA_SERVICE_TIMEOUT", "AWS_METADATA_SERVICE_NUM_ATTEMPTS"],
)
def test_a_variable_that_is_no_number_is_named(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "many")

    with (
        pytest.raises(errors.AwsSettingsError, match=f"{variable} or .*'many'"),
        errors.translated(),
    ):
        boto3.Session(region_name="us-east-1").client("s3")


def test_a_profile_whose_line_is_no_number_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text("[default]\nmax_attempts = many\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))

    with pytest.raises(errors.AwsSettingsError, match="max_attempts of"), errors.translated():
        boto3.Session(region_name="us-east-1").client("s3")
