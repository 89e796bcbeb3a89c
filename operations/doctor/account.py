"""Whose account it is, in which region, and whether the stage's names are free there."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from operations.doctor.findings import Finding, ok, problem, warning
from operations.errors import RetrainError, translated
from state_machine import stage_names
from state_machine.account import Account as Rules
from state_machine.account import key_problem
from state_machine.names import Names, names_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# A doctor answers in seconds, also where nothing answers him.
PATIENCE = Config(
    connect_timeout=5, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 3}
)
# Services that are not in every region, by the names of boto3's clients.
REGIONAL = ("sagemaker", "stepfunctions", "lambda", "events", "sns", "sqs", "s3")
OF_AWS = re.compile(r"\.(amazonaws\.com(\.cn)?|api\.aws|api\.amazonwebservices\.com\.cn)$")

SYMMETRIC = "SYMMETRIC_DEFAULT"

OpenSession = Callable[[], boto3.Session]


@dataclass(frozen=True)
class Account:
    """The account that the credentials belong to, as the stage sees it."""

    names: Names
    principal: str  # the ARN of who asks
    endpoint: str
    session: boto3.Session

    @property
    def is_real(self) -> bool:
        """Whether calls go to AWS itself."""
        return bool(OF_AWS.search(urlsplit(self.endpoint).hostname or ""))

    def client(self, service: Any) -> Any:
        """A boto3 client of `service`, for example "sagemaker"."""
        return self.session.client(service)


def patient_session() -> boto3.Session:
    """A session whose clients give up early."""
    core = botocore.session.get_session()
    core.set_default_client_config(PATIENCE)
    return boto3.Session(botocore_session=core)


def region(session: boto3.Session) -> Finding:
    """Whether a region is set and, by botocore's data, has every service that the pipeline uses."""
    name = session.region_name
    if not name:
        return problem(
            "region", "none is set", "export AWS_DEFAULT_REGION=us-east-1, or `aws configure`"
        )
    partition = session.get_partition_for_region(name)
    missing = [
        service
        for service in REGIONAL
        if name not in session.get_available_regions(service, partition_name=partition)
    ]
    if missing:
        found = f"{name} has no {', '.join(missing)}, as far as botocore knows"
        known = session.get_available_regions("sagemaker", partition_name=partition)
        return problem("region", found, f"choose one of {', '.join(known)}")
    return ok("region", f"{name}, where SageMaker, Step Functions and Lambda are available")


def examine(
    open_session: OpenSession, pipeline: str, stage: str, role_path: str = "/"
) -> tuple[Account | None, list[Finding]]:
    """Look at region and credentials. There is no account where either is missing."""
    found: list[Finding] = []
    try:
        with translated():
            session = open_session()  # fails where AWS_PROFILE names none
            found.append(region(session))
            if not session.region_name:
                return None, found
            account = _account(session, pipeline, stage, role_path)
    except RetrainError as error:
        found.append(problem("credentials", str(error), error.next_step or "`aws configure`"))
    except BotoCoreError as error:  # a session of SSO that is over, a profile that is broken
        told = str(error).strip()
        found.append(problem("credentials", told, "`aws sso login`, or `aws configure`"))
    else:
        return account, [*found, _principal(account), _endpoint(account)]
    return None, found


def _account(session: boto3.Session, pipeline: str, stage: str, role_path: str) -> Account:
    sts = session.client("sts")
    principal = sts.get_caller_identity()["Arn"]
    names = names_of(pipeline, stage, session, role_path)
    return Account(names, principal, sts.meta.endpoint_url, session)


def _principal(account: Account) -> Finding:
    found = f"account {account.names.account}, {account.principal}"
    if account.principal.endswith(":root"):
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/root-user-best-practices.html
        return warning("credentials", f"{found}: the root user", "take a role or a user of IAM")
    return ok("credentials", found)


def _endpoint(account: Account) -> Finding:
    if account.is_real:
        return ok("endpoint", "AWS: what is deployed there costs money")
    return ok("endpoint", f"{account.endpoint}: an embedded AWS, not an account")


def stage_name(names: Names, model_package_group: str) -> Finding:
    """Whether AWS takes every name of the stage, the registry's group included."""
    if found := stage_names.problems(names, model_package_group):
        return problem("stage", found[0], "take another --stage, or another name in pipeline.toml")
    return ok("stage", f"{names.stage}: everything is named {names.prefix}-...")


def key(rules: Rules, account: Account) -> list[Finding]:
    """Whether the key of `[account]` is one that encrypts, here and now; none if there is none.

    Who may use it stands in its policy too, and what services may is not to be asked from outside.
    https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html
    """
    if not rules.kms_key:
        return []
    if found := key_problem(rules, account.names.region):
        return [problem("key", found, "take another key in [account], or another region")]
    described = account.client("kms").describe_key(KeyId=rules.kms_key)["KeyMetadata"]
    state, spec = described["KeyState"], described.get("KeySpec", SYMMETRIC)
    if (state, spec) != ("Enabled", SYMMETRIC):
        found = f"{rules.kms_key} is {state}, {spec}: expected Enabled, {SYMMETRIC}"
        return [problem("key", found, "enable it, or take another key in [account]")]
    found = f"{rules.kms_key} encrypts; whether its policy lets services use it is not known"
    return [warning("key", found, "compare its policy with docs/deploy.md, The key's policy")]


def network(rules: Rules) -> list[Finding]:
    """What cannot be seen of the network of `[account]`; nothing if there is none."""
    if not rules.subnets:
        return []
    found = (
        f"jobs and Lambdas run in {', '.join(rules.subnets)}; whether they reach AWS's services "
        "from there is not known"
    )
    next_step = "compare endpoints and routes with docs/deploy.md, A VPC without the internet"
    return [warning("network", found, next_step)]


def bucket(names: Names, s3: "S3Client") -> Finding:
    """Whether the stage's bucket is this account's, or nobody's yet.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
    """
    name = names.bucket
    try:
        s3.head_bucket(Bucket=name, ExpectedBucketOwner=names.account)
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if status == HTTPStatus.NOT_FOUND:
            return ok("bucket", f"{name} is free: `retrain deploy` creates it")
        if status == HTTPStatus.FORBIDDEN:
            return problem(
                "bucket",
                f"{name} is another account's, or s3:ListBucket is not allowed on it",
                "take another name in pipeline.toml or another --stage, or allow s3:ListBucket",
            )
        raise
    return ok("bucket", f"{name} is this account's")
