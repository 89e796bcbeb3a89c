"""`[account]` of pipeline.toml: what the rules of an account ask of all that is made in it.

Organizations hold their accounts to such rules by service control policies, and their teams by
permissions boundaries. Every field may be left out: then nothing of its kind is asked for.
"""

import re
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    model_validator,
)

from state_machine import service_models
from state_machine.limits import check_variable
from state_machine.service_models import bound

# https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
MANAGED_POLICY = re.compile(r"arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/[\w+=,.@/-]+", re.ASCII)
# What may stand in the ARN of a role that SageMaker and Lambda take, by their models.
ROLE_PATH = re.compile(r"/([\w+=,.@-]+/)*", re.ASCII)
# Step Functions takes the ARN of a role in 256 characters, and a role's name may have 64:
# https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html
LONGEST_ROLE_PATH = 150
# A Lambda has two more, this project's and Chalice's; a job has Step Functions' MANAGED_BY_AWS.
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-tags.html
MOST_TAGS = bound("iam", "tagListType", "max") - 2
OWN_TAGS = ("retrain-code", "aws-chalice", "managed_by_aws")
RESERVED = "aws:"
INDEX = re.compile(r"https://[\w.-]+(:[0-9]+)?(/[\w./~%+-]*)?", re.ASCII)
KEY = re.compile(r"arn:aws[a-z-]*:kms:(?P<region>[a-z0-9-]+):[0-9]{12}:key/[a-zA-Z0-9-]+", re.ASCII)
_KEY = "https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id-key-ARN"
MOST_SUBNETS = bound("sagemaker", "Subnets", "max")
MOST_GROUPS = bound("sagemaker", "VpcSecurityGroupIds", "max")
_VPC = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_VpcConfig.html"
_TAG_TEXT = re.compile(r"[\w .:/=+@-]*")
_TAGGING = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html#id_tags_rules"


def _policy(arn: str) -> str:
    if not MANAGED_POLICY.fullmatch(arn):
        raise ValueError(
            "expected the ARN of a managed policy, arn:aws:iam::ACCOUNT:policy/NAME: "
            "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html"
        )
    return arn


def _boundary(arn: str) -> str:
    return _policy(arn) if arn else arn


def _role_path(path: str) -> str:
    if len(path) > LONGEST_ROLE_PATH or not ROLE_PATH.fullmatch(path):
        raise ValueError(
            f"expected a path such as /teams/ml/, with / at both ends, of at most "
            f"{LONGEST_ROLE_PATH} letters, digits and _+=,.@-: "
            "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html"
        )
    return path


def from_the_files_folder(path: Any, info: ValidationInfo) -> Path:
    """Take a path as relative to the folder of pipeline.toml."""
    if not isinstance(path, str | Path):
        raise ValueError("expected a folder, relative to this file")
    return Path((info.context or {}).get("folder", "."), path).resolve()


def _wheels(folder: Path) -> Path:
    if not any(folder.glob("*.whl")):
        raise ValueError(f"no *.whl in {folder}, expected a folder of them, relative to this file")
    return folder


def _index(url: str) -> str:
    """Return the URL; a job's variables may be read by anybody who may describe the job."""
    if "@" in url.partition("://")[2].partition("/")[0]:
        raise ValueError(
            "found a user or a password in it, which anybody may read who may describe a job: "
            "expected an index that asks for none, or wheels"
        )
    if url and not INDEX.fullmatch(url):
        raise ValueError("expected https://HOST/PATH of an index, as pip takes it")
    return check_variable(url)


def _key(arn: str) -> str:
    if re.fullmatch(r"(arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:)?alias/.+", arn):
        raise ValueError(
            f"an alias, which policies do not know and which may come to mean another key: "
            f"expected the ARN of the key itself, arn:aws:kms:REGION:ACCOUNT:key/ID: {_KEY}"
        )
    if arn and not KEY.fullmatch(arn):
        raise ValueError(f"expected the ARN of a key, arn:aws:kms:REGION:ACCOUNT:key/ID: {_KEY}")
    return arn


def _subnet(name: str) -> str:
    return _id(name, "subnet-", "SubnetId")


def _security_group(name: str) -> str:
    return _id(name, "sg-", "SecurityGroupId")


def _id(name: str, prefix: str, shape: str) -> str:
    if problem := service_models.problem("sagemaker", shape, name):
        raise ValueError(f"{problem}: {_VPC}")
    if not re.fullmatch(rf"{prefix}[0-9a-z]+", name):
        raise ValueError(f"expected an id such as {prefix}0a1b2c3d4e5f67890: {_VPC}")
    return name


def _each_once(ids: list[str]) -> list[str]:
    if len(set(ids)) < len(ids):
        raise ValueError("expected each of them once")
    return ids


def _tags(tags: dict[str, str]) -> dict[str, str]:
    if len(tags) > MOST_TAGS:
        raise ValueError(f"{len(tags)} tags, expected at most {MOST_TAGS}: {_TAGGING}")
    keys = [key.lower() for key in tags]
    for key, value in tags.items():
        if problem := _tag_problem(key, value, once=keys.count(key.lower()) == 1):
            raise ValueError(f"{key!r} = {value!r}: {problem}: {_TAGGING}")
    return tags


def _tag_problem(key: str, value: str, *, once: bool) -> str:
    """Say what is wrong with a tag by the narrowest rules of all services; empty if nothing is."""
    longest_key, longest = bound("iam", "tagKeyType", "max"), bound("iam", "tagValueType", "max")
    if not once:
        return "expected a key once, in whatever case it is written"
    if key.lower().startswith(RESERVED):
        return f"expected a key that does not begin with {RESERVED}, which AWS keeps to itself"
    if key.lower() in OWN_TAGS:
        return "expected another key: this one is set by the deployment itself"
    if not 1 <= len(key) <= longest_key or len(value) > longest:
        return f"expected 1 to {longest_key} characters of key, at most {longest} of value"
    if not (_TAG_TEXT.fullmatch(key) and _TAG_TEXT.fullmatch(value)):
        return "expected letters, digits, spaces and _.:/=+-@"
    return ""


class Account(BaseModel):
    """The table.

    `role_path` and `permissions_boundary` are of every role, `tags` of everything that is made;
    `attached_policies` are those that somebody else attaches to roles, and that stay attached;
    jobs and Lambdas are connected to `subnets` and `security_group_ids`; whatever is stored is
    encrypted with `kms_key`. Jobs install their requirements from `wheels`, which are shipped with
    the code, and from the index `pip_index_url`: from wherever pip likes where neither is named.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    role_path: Annotated[str, AfterValidator(_role_path)] = "/"
    permissions_boundary: Annotated[
        str, Field(max_length=bound("iam", "arnType", "max")), AfterValidator(_boundary)
    ] = ""
    attached_policies: Annotated[
        list[
            Annotated[
                str, Field(max_length=bound("iam", "arnType", "max")), AfterValidator(_policy)
            ]
        ],
        AfterValidator(_each_once),
    ] = []
    tags: Annotated[dict[str, str], AfterValidator(_tags)] = {}
    # An error says what was found, and a password is not to be shown.
    pip_index_url: Annotated[str, AfterValidator(_index)] = ""
    wheels: (
        Annotated[Path, BeforeValidator(from_the_files_folder), AfterValidator(_wheels)] | None
    ) = None
    kms_key: Annotated[
        str, Field(max_length=bound("logs", "KmsKeyId", "max")), AfterValidator(_key)
    ] = ""
    subnets: Annotated[
        list[Annotated[str, AfterValidator(_subnet)]],
        Field(max_length=MOST_SUBNETS),
        AfterValidator(_each_once),
    ] = []
    security_group_ids: Annotated[
        list[Annotated[str, AfterValidator(_security_group)]],
        Field(max_length=MOST_GROUPS),
        AfterValidator(_each_once),
    ] = []

    @model_validator(mode="after")
    def _subnets_with_their_security_groups(self) -> Self:
        if bool(self.subnets) != bool(self.security_group_ids):
            there, missing = "subnets", "security_group_ids"
            if self.security_group_ids:
                there, missing = missing, there
            raise ValueError(f"found {there} and no {missing}: expected both, or neither: {_VPC}")
        return self


def key_problem(account: Account, region: str) -> str:
    """Say what is wrong with the key for a stage in `region`; empty if nothing is.

    Services take a key of their own region only:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
    """
    found = KEY.fullmatch(account.kms_key)
    if found is None or found["region"] == region:
        return ""
    return (
        f"account.kms_key is of {found['region']}, expected a key of {region}, the stage's region"
    )


# An account that asks for nothing.
NO_RULES = Account()
