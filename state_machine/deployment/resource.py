"""What a stage consists of, and how it differs from what is there.

A resource is described in one place: the calls that make, compare, change and delete it, what a
template says of it, and the rights that whoever deploys needs for it.

A resource is asked for what is there each time: no record of an earlier deployment is kept, so that
one that was interrupted, or made from another machine, is found as it is.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from state_machine.account import Account
from state_machine.deployment.cloudformation import CfnResource
from state_machine.names import Names


class Action(StrEnum):
    """What becomes of a resource."""

    CREATE = "create"
    CHANGE = "change"
    KEEP = "keep"
    DELETE = "delete"
    WAIT = "wait"  # until AWS shows, and does, what it was told; never part of a plan


@dataclass(frozen=True)
class Setting:
    """One property of a resource: what it shall be, how it is read, how it is put.

    `get` returns what is there in the form of `desired`, whatever else AWS answers; None if
    nothing is. `works` tells whether what was put has taken effect, where `get` cannot tell.
    """

    name: str
    desired: Any
    get: Callable[[], Any]
    put: Callable[[Any], object]
    works: Callable[[], bool] = lambda: True


@dataclass(frozen=True)
class Rights:
    """The actions of IAM that a deployment needs on resources of a kind.

    `arn(names, model_package_group)` is that of one of them, which stands for all; None stands for
    the account's key.
    `wanted(account)` tells whether what `[account]` asks for needs them.
    """

    kind: str
    actions: tuple[str, ...]
    arn: Callable[[Names, str], str] | None
    wanted: Callable[[Account], bool] = lambda _: True

    def on(self, names: Names, model_package_group: str, account: Account) -> str:
        """Return the ARN of one of the resources."""
        return self.arn(names, model_package_group) if self.arn else account.kms_key


def tagging(kind: str, actions: Sequence[str], arn: Callable[[Names, str], str]) -> Rights:
    """Return the rights to see and to put the tags of a kind, which not every account asks for."""
    return Rights(f"{kind}'s tags", tuple(actions), arn, lambda account: bool(account.tags))


class Resource(ABC):
    """One thing that a stage consists of.

    `wanted` tells whether the configuration asks for it: what it no longer asks for is deleted.
    """

    kind: str
    name: str
    wanted: bool = True

    @abstractmethod
    def exists(self) -> bool:
        """Tell whether it is there."""

    def is_going(self) -> bool:
        """Tell whether AWS is deleting it, while it is still there: then it has to be created."""
        return False

    @abstractmethod
    def create(self) -> None:
        """Create it; what `settings` names is put after that."""

    @abstractmethod
    def delete(self) -> None:
        """Delete it, and what it holds; it is there."""

    def settings(self) -> Sequence[Setting]:
        """Return what is compared, and put where it differs."""
        return ()

    def template(self) -> dict[str, CfnResource]:
        """Return what CloudFormation makes of it by logical id; nothing where it cannot."""
        return {}

    def holds(self) -> str:
        """Say what data it holds that nothing could bring back; empty if none."""
        return ""


def tags_setting(
    tags: Mapping[str, str],
    found: Callable[[], Mapping[str, str]],
    put: Callable[[dict[str, str]], object],
) -> list[Setting]:
    """Compare those tags only: others, of AWS, of this project, or of people, stay as they are."""
    if not tags:
        return []

    def get() -> dict[str, str]:
        there = found()
        return {key: there[key] for key in tags if key in there}

    return [Setting("tags", dict(tags), get, put)]


def tag_list(tags: Mapping[str, str], key: str = "Key", value: str = "Value") -> list[Any]:
    """Return tags in the form of most APIs; Step Functions begins its members in lower case."""
    return [{key: name, value: text} for name, text in tags.items()]


def tags_of(listed: Iterable[Any], key: str = "Key", value: str = "Value") -> dict[str, str]:
    """Return the tags of an answer of most APIs, by key."""
    return {each[key]: each[value] for each in listed}


def counted(number: int, noun: str) -> str:
    """Return `1 object` or `2 objects`; empty for none."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}" if number else ""


@dataclass(frozen=True)
class Step:
    """What is to be done with one resource; `details` say what differs, or what is lost."""

    resource: Resource
    action: Action
    details: tuple[str, ...] = ()
    settings: tuple[Setting, ...] = ()

    def apply(self) -> None:
        """Do it. What was done before and is as it should be stays as it is."""
        if self.action is Action.DELETE:
            self.resource.delete()
            return
        if self.action is Action.CREATE:
            self.resource.create()
        for setting in self.settings:
            setting.put(setting.desired)

    def missing(self) -> tuple[str, ...]:
        """Say what of it AWS does not show yet, or does not go by; nothing if it is done."""
        there = self.resource.exists()
        if self.action is Action.DELETE:
            return ("gone",) if there else ()
        if not there or self.resource.is_going():
            return ("there",)
        put = {setting.name for setting in self.settings}
        # Asked for anew: what is wanted may follow from what was put before, as the versions of
        # Lambdas do that a definition names.
        now = (setting for setting in self.resource.settings() if setting.name in put)
        left = (one for one in now if one.get() != one.desired or not one.works())
        return tuple(setting.name for setting in left)


def deployment_steps(resources: Iterable[Resource]) -> list[Step]:
    """Compare each resource to what is there, in the order in which they are to be brought up."""
    return [step for resource in resources for step in _deployment_step(resource)]


def removal_steps(resources: Sequence[Resource], *, with_data: bool) -> list[Step]:
    """Return what removes the resources, in the opposite order; data only `with_data`."""
    there = [resource for resource in reversed(resources) if resource.exists()]
    return [_removal_step(resource, with_data=with_data) for resource in there]


def _deployment_step(resource: Resource) -> Iterator[Step]:
    there = resource.exists() and not resource.is_going()
    if not resource.wanted:
        if there:
            yield _unwanted_step(resource)
        return
    settings = tuple(resource.settings())
    if not there:
        yield Step(resource, Action.CREATE, settings=settings)
        return
    differing = tuple(setting for setting in settings if setting.get() != setting.desired)
    action = Action.CHANGE if differing else Action.KEEP
    yield Step(resource, action, tuple(setting.name for setting in differing), differing)


def _unwanted_step(resource: Resource) -> Step:
    """What nothing could bring back stays, as when the stage is removed."""
    held = resource.holds()
    if held:
        return Step(resource, Action.KEEP, (f"not asked for any more, but holds {held}",))
    return Step(resource, Action.DELETE, ("pipeline.toml no longer asks for it",))


def _removal_step(resource: Resource, *, with_data: bool) -> Step:
    held = resource.holds()
    if held and not with_data:
        return Step(resource, Action.KEEP, (f"holds {held}",))
    return Step(resource, Action.DELETE, (f"with {held}",) if held else ())
