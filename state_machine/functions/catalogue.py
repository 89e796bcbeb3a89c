"""The Lambdas of a stage, a row each: what it may do, what invokes it, how long it may take.

Everything that a deployment does for a Lambda follows from its row: the function, its role, its
log group, its trigger, where its failed events go, and the same in the template.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from lambdas import announce, announce_approval
from lambdas.data_sets.copies import LONGEST_CALL_SECONDS
from state_machine.account import NO_RULES, Account
from state_machine.config import PipelineConfig
from state_machine.functions import policies
from state_machine.functions.statements import Policy, Statement, allow, policy
from state_machine.names import FAILED_EVENTS, REQUESTS, Names


@dataclass(frozen=True)
class Uploads:
    """Invoked for each object that is created, removed or expires below the prefix of data sets."""


@dataclass(frozen=True)
class Topic:
    """Invoked for each message of the stage's topic of that purpose."""

    purpose: str


@dataclass(frozen=True)
class Events:
    """Invoked for each event that matches `pattern(names, model_package_group)`."""

    pattern: Callable[[Names, str], dict[str, Any]]


@dataclass(frozen=True)
class Schedule:
    """Invoked by the clock, if pipeline.toml enables its schedule."""


@dataclass(frozen=True)
class Lambda:
    """One Lambda; `name` is that of its file in lambdas/ and of its function in app.py.

    `statements(names, model_package_group)` are what its role is allowed beside its log, `makes(
    names)` the resources that it creates with the account's tags. Without a `trigger` it is invoked
    `by_state_machine` or by people. One that `resolves_images` looks up what the tags of the
    stage's images name.
    """

    name: str
    statements: Callable[[Names, str], list[Statement]]
    trigger: Uploads | Topic | Events | Schedule | None = None
    by_state_machine: bool = False
    resolves_images: bool = False
    timeout_seconds: int = 60
    memory_mb: int = 512
    makes: Callable[[Names], list[str]] | None = None

    @property
    def asynchronous(self) -> bool:
        """Whether nobody waits for its answer, so that an event that fails has to be kept."""
        return not self.by_state_machine

    def is_wanted(self, config: PipelineConfig) -> bool:
        """Tell whether the configuration asks for it."""
        return config.schedule.enabled or not isinstance(self.trigger, Schedule)

    def policy(
        self,
        names: Names,
        model_package_group: str,
        repositories: list[str],
        account: Account = NO_RULES,
    ) -> Policy:
        """Return what its role may do, its log, its failed events and the account's included.

        `repositories` are the ARNs of those that hold the stage's images.
        """
        statements = [*self.statements(names, model_package_group), *self._of(account, names)]
        if self.resolves_images:
            statements = [*statements, policies.resolve_images(repositories)]
        if self.asynchronous:
            queue = names.queue_arn(FAILED_EVENTS)
            statements = [*statements, allow("KeepFailedEvents", ["sqs:SendMessage"], [queue])]
        streams = f"{names.log_group_arn(names.function_log_group(self.name))}:log-stream:*"
        log = allow("WriteLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], [streams])
        return policy(*statements, log)

    def _of(self, account: Account, names: Names) -> Iterator[Statement]:
        """What the account's rules have it do beside its work."""
        if account.tags and self.makes is not None:
            yield allow("TagWhatItMakes", ["sagemaker:AddTags"], self.makes(names))
        if account.subnets:
            yield policies.join_network()
        if account.kms_key:
            yield policies.use_key(account.kms_key)


LAMBDAS = (
    Lambda("on_upload", policies.on_upload, Uploads()),
    Lambda("on_request", policies.start_retraining, Topic(REQUESTS)),
    Lambda("on_schedule", policies.on_upload, Schedule()),
    Lambda("start_retraining", policies.start_retraining),
    Lambda("take_turn", policies.take_turn, by_state_machine=True),
    Lambda(
        "prepare_run",
        policies.prepare_run,
        by_state_machine=True,
        resolves_images=True,
        timeout_seconds=LONGEST_CALL_SECONDS,  # it copies the data set
        makes=policies.made,
    ),
    Lambda("check_metrics", policies.check_metrics, by_state_machine=True),
    Lambda("approve_model", policies.approve_model, by_state_machine=True),
    Lambda(
        "announce",
        policies.announce,
        Events(lambda names, _: announce.pattern(names.state_machine_arn)),
    ),
    Lambda(
        "announce_approval",
        policies.announce_approval,
        Events(lambda _, group: announce_approval.pattern(group)),
    ),
)


def wanted(config: PipelineConfig) -> list[Lambda]:
    """Return the Lambdas that the configuration asks for."""
    return [each for each in LAMBDAS if each.is_wanted(config)]
