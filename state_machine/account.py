"""`[account]` of pipeline.toml: what the rules of an account ask of all that is made in it.

Organizations hold their accounts to such rules by service control policies, and their teams by
permissions boundaries. Every field may be left out: then nothing of its kind is asked for.
"""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from state_machine.service_models import bound

# https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
BOUNDARY = re.compile(r"arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/[\w+=,.@/-]+", re.ASCII)
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
_TAG_TEXT = re.compile(r"[\w .:/=+@-]*")
_TAGGING = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html#id_tags_rules"


def _boundary(arn: str) -> str:
    if arn and not BOUNDARY.fullmatch(arn):
        raise ValueError(
            "expected the ARN of a managed policy, arn:aws:iam::ACCOUNT:policy/NAME: "
            "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html"
        )
    return arn


def _role_path(path: str) -> str:
    if len(path) > LONGEST_ROLE_PATH or not ROLE_PATH.fullmatch(path):
        raise ValueError(
            f"expected a path such as /teams/ml/, with / at both ends, of at most "
            f"{LONGEST_ROLE_PATH} letters, digits and _+=,.@-: "
            "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html"
        )
    return path


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
    """The table. `role_path` and `permissions_boundary` are of every role, `tags` of everything."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    role_path: Annotated[str, AfterValidator(_role_path)] = "/"
    permissions_boundary: Annotated[
        str, Field(max_length=bound("iam", "arnType", "max")), AfterValidator(_boundary)
    ] = ""
    tags: Annotated[dict[str, str], AfterValidator(_tags)] = {}


# An account that asks for nothing.
NO_RULES = Account()
