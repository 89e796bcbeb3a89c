"""Whether the MLflow that pipeline.toml names is there."""

from collections.abc import Callable
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

from operations.doctor.account import Account
from operations.doctor.findings import Finding, ok, problem, warning
from state_machine.config import PipelineConfig

PERMISSIONS = "sagemaker:DescribeMlflowTrackingServer, sagemaker:DescribeMlflowApp"
APP_IS_THERE = ("Created", "Updating", "Updated", "UpdateFailed")
TIMEOUT_SECONDS = 5.0

Reach = Callable[[str], None]


def reach(uri: str) -> None:
    """Ask the server for anything at all. Raises OSError if nothing answers."""
    try:
        urlopen(uri, timeout=TIMEOUT_SECONDS).close()  # noqa: S310 (config allows http and https)
    except HTTPError as error:  # it wants a login, or has no such page: it is there
        error.close()


def tracking(config: PipelineConfig, account: Account, reach: Reach = reach) -> Finding:
    """Whether the MLflow of pipeline.toml is there. `reach(uri)` raises OSError where it is not."""
    uri = config.tracking.mlflow_tracking_uri
    if not uri:
        return ok("MLflow", "off: no mlflow_tracking_uri in pipeline.toml")
    if uri.startswith("arn:"):
        return _in_sagemaker(uri, account)
    if uri.startswith("sqlite:"):
        return _tracking_file(uri, account)
    try:
        reach(uri)
    except OSError as error:
        return warning(
            "MLflow",
            f"{uri} does not answer this machine: {error}",
            "start it; the jobs must reach it from SageMaker, training goes on without it",
        )
    return ok("MLflow", f"{uri} answers")


def _tracking_file(uri: str, account: Account) -> Finding:
    if account.is_real:
        return problem(
            "MLflow",
            f"{uri} is a file of this machine, which SageMaker's jobs do not have",
            "name an https:// server or the ARN of a SageMaker MLflow tracking server",
        )
    return ok("MLflow", f"{uri}, a file of this machine")


def _in_sagemaker(arn: str, account: Account) -> Finding:
    place = arn.split(":")[3:5]
    if place != [account.names.region, account.names.account]:
        found = f"{arn} is not in {account.names.region} of account {account.names.account}"
        advice = "grant the roles of training and evaluation access there, or name one of "
        return warning("MLflow", found, advice + "this account and region")
    sagemaker = account.client("sagemaker")
    try:
        if ":mlflow-app/" in arn:
            return _app(arn, sagemaker)
        return _tracking_server(arn.rsplit("/", 1)[-1], sagemaker)
    except sagemaker.exceptions.ResourceNotFound:
        return problem("MLflow", f"there is no {arn}", "create it, or correct mlflow_tracking_uri")


def _app(arn: str, sagemaker: Any) -> Finding:
    """https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeMlflowApp.html"""
    status = sagemaker.describe_mlflow_app(Arn=arn).get("Status")
    if status not in APP_IS_THERE:
        return warning("MLflow", f"{arn} is {status}", "wait for it, or create it again")
    return ok("MLflow", f"{arn} is {status}")


def _tracking_server(name: str, sagemaker: Any) -> Finding:
    """https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeMlflowTrackingServer.html"""
    server = sagemaker.describe_mlflow_tracking_server(TrackingServerName=name)
    if server.get("IsActive") != "Active":
        found = f"{name} is {server.get('TrackingServerStatus')}, not active"
        start = f"aws sagemaker start-mlflow-tracking-server --tracking-server-name {name}"
        return warning("MLflow", found, start)
    return ok("MLflow", f"{name} is active")
