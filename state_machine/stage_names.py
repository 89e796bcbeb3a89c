"""Whether AWS takes every name of a stage, asked before the first of them is made.

Names that botocore's models describe are held against those; the rules of the others, which the
models do not have, stand here with their pages.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lambdas.runs.executions import LONGEST_NAME
from state_machine import service_models
from state_machine.errors import StageNameError
from state_machine.functions.catalogue import LAMBDAS
from state_machine.names import ANNOUNCEMENTS, FAILED_EVENTS, JOB_ROLES, REQUESTS, Names

STAGE = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")


@dataclass(frozen=True)
class Rule:
    """What names of a kind may be, where no model of botocore's says it."""

    longest: int
    pattern: str
    page: str
    reserved: tuple[str, ...] = ()  # beginnings

    def problem(self, name: str) -> str:
        """Say what is wrong with a name; empty where nothing is."""
        if len(name) > self.longest:
            return f"has {len(name)} characters, AWS allows {self.longest}: {self.page}"
        if begins := [begin for begin in self.reserved if name.startswith(begin)]:
            return f"begins with {begins[0]}, which AWS keeps to itself: {self.page}"
        if not re.fullmatch(self.pattern, name):
            return f"does not match AWS's {self.pattern}: {self.page}"
        return ""


BUCKET = Rule(
    63,
    r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html",
    ("xn--", "sthree-", "amzn-s3-demo-"),
)
FUNCTION = Rule(
    64,
    r"[a-zA-Z0-9-_]+",
    "https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html",
)
TOPIC = Rule(
    256,
    r"[a-zA-Z0-9_-]+",
    "https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html",
)
QUEUE = Rule(
    80,
    r"[a-zA-Z0-9_-]+",
    "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html",
)


def problems(names: Names, model_package_group: str) -> list[str]:
    """Return a line for each name of the stage that AWS would refuse.

    `model_package_group` is the registry's group of the stage. The account is one of 12 digits.
    """
    if not STAGE.fullmatch(names.stage):
        return [
            f"stage {names.stage!r} cannot be part of a bucket's name: expected lower-case "
            "letters, digits and '-', for example dev"
        ]
    found = [*_by_rule(names), *_by_model(names, model_package_group)]
    return [f"{kind} {name} {problem}" for kind, name, problem in found if problem]


def check(names: Names, model_package_group: str) -> None:
    """Raise StageNameError with the first name that AWS would refuse."""
    if found := problems(names, model_package_group):
        raise StageNameError(
            f"{found[0]}. Take a shorter or another --stage, or name in pipeline.toml"
        )


def _by_rule(names: Names) -> Iterator[tuple[str, str, str]]:
    topics = (names.topic(purpose) for purpose in (REQUESTS, ANNOUNCEMENTS))
    named = {
        "bucket": ([names.bucket], BUCKET),
        "function": ([names.function(each.name) for each in LAMBDAS], FUNCTION),
        "topic": (topics, TOPIC),
        "queue": ([names.queue(FAILED_EVENTS)], QUEUE),
    }
    for kind, (each, rule) in named.items():
        yield from ((kind, name, rule.problem(name)) for name in each)


def _by_model(names: Names, model_package_group: str) -> Iterator[tuple[str, str, str]]:
    functions = [each.name for each in LAMBDAS]
    log_groups = [names.function_log_group(name) for name in functions]
    shapes = {
        ("role", "iam", "roleNameType"): [
            names.role(purpose) for purpose in ("states", *JOB_ROLES, *functions)
        ],
        ("state machine", "stepfunctions", "Name"): [names.state_machine],
        ("rule", "events", "RuleName"): [names.rule(name) for name in functions],
        ("log group", "logs", "LogGroupName"): [names.state_machine_log_group, *log_groups],
        ("model package group", "sagemaker", "EntityName"): [model_package_group],
        ("experiment", "sagemaker", "ExperimentEntityName"): [names.prefix],
        # The longest run's.
        ("trial", "sagemaker", "ExperimentEntityName"): [f"{names.prefix}-{'x' * LONGEST_NAME}"],
    }
    for (kind, service, shape), each in shapes.items():
        yield from ((kind, name, service_models.problem(service, shape, name)) for name in each)
