"""The registry as the console shows it: pages of versions, one version, and what decisions do."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.account import Account
from console.starting import deployed
from console.status import look
from lambdas.boundary.s3_objects import split_uri
from operations.errors import InputError
from operations.models import registry
from operations.models import version as model_version
from operations.models.comparison import Comparison, compare
from operations.models.registry import Rollback, Version
from operations.models.version import Entry, ModelVersion, read_entry

if TYPE_CHECKING:
    from botocore.response import StreamingBody

PAGE = 25
_AT_ONCE = 8  # calls to describe a version each


@dataclass(frozen=True)
class Registry:
    """The versions of a group, the newest first."""

    group: str
    versions: tuple[Version, ...]

    @property
    def champion(self) -> Version | None:
        """What each run's model is held against."""
        return registry.champion(self.versions)

    @property
    def pages(self) -> int:
        """How many pages they fill; at least one."""
        return max(1, -(-len(self.versions) // PAGE))

    def find(self, number: int) -> Version | None:
        """The version of that number."""
        return next((version for version in self.versions if version.number == number), None)

    def after(self, changed: Version, status: str) -> Version | None:
        """The champion, if the version had that status."""
        return next(
            (
                version
                for version in self.versions
                if (status if version.arn == changed.arn else version.status) == registry.APPROVED
            ),
            None,
        )


@dataclass(frozen=True)
class Page:
    """Some of the versions, with what the registry tells of each; `number` counts from 1."""

    registry: Registry
    number: int
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Detail:
    """One version, and the registry that it stands in."""

    registry: Registry
    model: ModelVersion


@dataclass(frozen=True)
class Pairing:
    """Two versions side by side."""

    first: ModelVersion
    second: ModelVersion
    found: Comparison


@dataclass(frozen=True)
class Archive:
    """A model.tar.gz on its way; `size` in bytes."""

    name: str
    size: int
    body: "StreamingBody"


def read_registry(account: Account) -> Registry:
    """The registry's group of what is deployed. Raises NotDeployedError."""
    arn = account.stage.names.state_machine_arn
    group = deployed.defaults(account.client("stepfunctions"), arn).model_package_group
    return Registry(group, tuple(registry.versions(account.client("sagemaker"), group)))


def read_page(account: Account, number: int) -> Page:
    """One page of versions; the nearest there is."""
    found = read_registry(account)
    number = min(max(number, 1), found.pages)
    shown = found.versions[(number - 1) * PAGE : number * PAGE]
    sagemaker = account.client("sagemaker")
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        entries = pool.map(lambda version: read_entry(sagemaker, version), shown)
    return Page(found, number, tuple(entries))


def read_detail(account: Account, number: int) -> Detail:
    """Everything about one version. Raises InputError if there is none of that number."""
    found = read_registry(account)
    return Detail(found, _model(account, found, number))


def read_pairing(account: Account, first: int, second: int) -> Pairing:
    """Two versions side by side. Raises InputError, and what `compare` does."""
    found = read_registry(account)
    one, other = (_model(account, found, number) for number in (first, second))
    stage = account.stage
    level, scripts = stage.config.gate.confidence_level, stage.project / "ml_scripts"
    return Pairing(one, other, compare(one, other, level, account.client("s3"), scripts))


def read_archive(account: Account, number: int) -> Archive:
    """The model of a version, to be read from S3 as it is sent on. Raises InputError."""
    found = read_registry(account)
    version = _version(found, number)
    entry = read_entry(account.client("sagemaker"), version)
    if entry.model_uri is None:
        raise InputError(f"{version} names no model")
    try:
        bucket, key = split_uri(entry.model_uri)
    except ValueError as error:
        raise InputError(f"The model of {version} cannot be had: {error}") from error
    answer = account.client("s3").get_object(Bucket=bucket, Key=key)
    name = f"{found.group}-{number}.tar.gz"
    return Archive(name, answer["ContentLength"], answer["Body"])


def consequences(found: Registry, version: Version, status: str) -> list[str]:
    """What follows from giving the version that approval status, a sentence each."""
    now, then = found.champion, found.after(version, status)
    lines = [f"Its status: {look(version.status).text} now, {look(status).text} then."]
    if then == now and now is not None and now.arn != version.arn:
        lines.append(f"The champion stays version {now.number}, the newest approved one.")
    elif then is None:
        lines.append("There is no champion then: models are held against thresholds alone.")
    elif then != now:
        place = f", in the place of version {now.number}" if now else ""
        lines.append(f"The champion is version {then.number} then{place}.")
    return [*lines, "A run that is under way keeps the champion that it began with."]


def rollback_consequences(plan: Rollback) -> list[str]:
    """What follows from a rollback, a sentence each."""
    return [
        f"Version {plan.target.number} becomes the champion in the place of version "
        f"{plan.champion.number}.",
        *(f"Version {version.number} is rejected." for version in plan.to_reject),
        "Versions that wait for approval keep waiting.",
    ]


def rollbacks(found: Registry) -> list[Rollback]:
    """Every rollback that would change something, to the newest first."""
    approved = [v for v in found.versions if v.status == registry.APPROVED]
    return [registry.plan_rollback(found.group, found.versions, to) for to in approved[1:]]


def _model(account: Account, found: Registry, number: int) -> ModelVersion:
    return model_version.read(
        account.client("sagemaker"), account.client("s3"), _version(found, number)
    )


def _version(found: Registry, number: int) -> Version:
    version = found.find(number)
    if version is None:
        raise InputError(f"{found.group} has no version {number}", "see those there are: /models")
    return version
