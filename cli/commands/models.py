"""`retrain models`: the registry's versions, why each is there, and what a person decides."""
# ruff: noqa: PLC0415  Each command imports what it needs, so that `retrain --help` is quick.

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import CONFIG, DEV, AsJson, Config, StageName, on_stage
from cli.shown.terminal import DONE, WARNING, Terminal

if TYPE_CHECKING:
    from operations.models.registry import Rollback
    from operations.models.version import Entry, ModelVersion
    from operations.stage import Stage

models_app = typer.Typer(
    no_args_is_help=True,
    help="The registered model versions.\n\n"
    "A VERSION is a number, `champion` for the newest Approved version, or the ARN of a model "
    "package.\n\nExample: retrain models list",
)

Asked = Annotated[str, typer.Argument(metavar="VERSION", help="A number, `champion`, or an ARN.")]
Reason = Annotated[str, typer.Option("--reason", help="Why: it stands in the registry.")]
Group = Annotated[
    str,
    typer.Option("--group", help="The model package group; that of pipeline.toml if omitted."),
]
AT_ONCE = 8  # calls to describe a version each


@models_app.command("list")
def list_versions(
    as_json: AsJson = False, group: Group = "", stage: StageName = DEV, config: Config = CONFIG
) -> None:
    """List all versions, the newest first.

    The champion is the newest Approved one: a new model is held against it.

    Example: retrain models list
    """
    from concurrent.futures import ThreadPoolExecutor

    from cli.shown.models import is_champion, show_list
    from operations.models import registry
    from operations.models.version import read_entry

    target, group = _connect(config, stage, group)
    sagemaker = target.client("sagemaker")
    known = registry.versions(sagemaker, group)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        entries = list(pool.map(lambda version: read_entry(sagemaker, version), known))
    champion = registry.champion(known)
    if as_json:
        _print_json(
            {
                "model_package_group": group,
                "versions": [e.as_json(is_champion(e.version, champion)) for e in entries],
            }
        )
    elif entries:
        show_list(entries, champion, Terminal())
    else:
        Terminal().line(f"{group} has no version yet. Next: retrain start")


@models_app.command()
def show(
    version: Asked,
    as_json: AsJson = False,
    group: Group = "",
    stage: StageName = DEV,
    config: Config = CONFIG,
) -> None:
    """Show everything that explains a version.

    The decision with its rules, the exact data and code, the hyperparameters, jobs and logs, the
    execution, and where report and evaluation are.

    Example: retrain models show champion
    """
    from cli.shown.models import is_champion, show_version
    from operations.models import registry

    target, group = _connect(config, stage, group)
    model = _read(target, group, version)
    known = registry.versions(target.client("sagemaker"), model.entry.version.group)
    champion = registry.champion(known)
    watch, again = _watch(target, model.entry.execution_arn), _reproduce(target, model.entry)
    if as_json:
        shown = model.as_json(is_champion(model.entry.version, champion))
        _print_json({**shown, "watch": watch, "reproduce": again})
    else:
        show_version(model, champion, watch, Terminal())
        if again:
            Terminal().line(f"Next: {again}")


@models_app.command()
def compare(
    first: Annotated[str, typer.Argument(help="A version: a number, `champion`, or an ARN.")],
    second: Annotated[str, typer.Argument(help="The version to hold against it.")],
    *,
    as_json: AsJson = False,
    group: Group = "",
    stage: StageName = DEV,
    config: Config = CONFIG,
) -> None:
    """Set two versions side by side.

    Metrics with the interval of their difference (the second less the first), hyperparameters,
    data and code. The interval is a paired one if both were scored on the same test images.

    Example: retrain models compare champion 4
    """
    from cli.shown.models import show_comparison
    from operations.models.comparison import compare as compare_versions

    target, group = _connect(config, stage, group)
    one, other = (_read(target, group, asked) for asked in (first, second))
    level, scripts = target.config.gate.confidence_level, target.project / "ml_scripts"
    found = compare_versions(one, other, level, target.client("s3"), scripts)
    versions = (one.entry.version, other.entry.version)
    if as_json:
        arns = {"first": versions[0].arn, "second": versions[1].arn}
        _print_json({**arns, **found.as_json()})
    else:
        show_comparison(*versions, found, Terminal())


def _deciding(status: str) -> Callable[..., None]:
    """The command that gives a version this status, one of `operations.models.registry`."""

    def command(
        version: Asked,
        reason: Reason,
        group: Group = "",
        stage: StageName = DEV,
        config: Config = CONFIG,
    ) -> None:
        _decide(*_connect(config, stage, group), version, status, reason)

    return command


models_app.command(
    "approve",
    help="Approve a version: the newest approved one is the champion.\n\n"
    'Example: retrain models approve 4 --reason "slices checked by hand"',
)(_deciding("Approved"))
models_app.command(
    "reject",
    help="Reject a version, also one that was approved.\n\n"
    'Example: retrain models reject 4 --reason "fails on photographs with flash"',
)(_deciding("Rejected"))


@models_app.command()
def rollback(
    *,
    reason: Reason,
    to: Annotated[
        str, typer.Option("--to", help="An approved version; the one before the champion if none.")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do it without asking.")] = False,
    group: Group = "",
    stage: StageName = DEV,
    config: Config = CONFIG,
) -> None:
    """Make the previous approved version the champion again.

    Rejects the approved versions that are newer, with the reason, the champion last. Those that
    wait for approval keep waiting.

    Example: retrain models rollback --reason "more complaints since Monday"
    """
    from operations.models import registry

    registry.check_reason(reason)
    target, group = _connect(config, stage, group)
    sagemaker, terminal = target.client("sagemaker"), Terminal()
    wanted = registry.find(sagemaker, group, to) if to else None
    plan = registry.plan_rollback(group, registry.versions(sagemaker, group), wanted)
    if not plan.to_reject:
        terminal.line(f"Nothing changes: {plan.target} is the champion already")
        return
    _say_what_follows(plan, terminal)
    if not yes and not typer.confirm("Go on?"):
        terminal.line("Nothing was changed")
        return
    who = _caller(target)
    for version in registry.roll_back(sagemaker, plan, reason, who):
        terminal.mark(DONE, f"{version} is {registry.REJECTED}, was {version.status}", "green")
    terminal.mark(DONE, f"{plan.target} is the champion, was {plan.champion.number}", "green")


def _decide(target: "Stage", group: str, asked: str, status: Any, reason: str) -> None:
    from operations.models import registry

    registry.check_reason(reason)
    sagemaker, terminal = target.client("sagemaker"), Terminal()
    version = registry.find(sagemaker, group, asked)
    if registry.decide(sagemaker, version, status, reason, _caller(target)):
        terminal.mark(DONE, f"{version} is {status}, was {version.status}", "green")
    else:
        terminal.mark(WARNING, f"{version} is {status} already: nothing was changed", "yellow")
    champion = registry.champion(registry.versions(sagemaker, version.group))
    terminal.line(f"  The champion is {champion}" if champion else "  There is no champion")


def _say_what_follows(plan: "Rollback", terminal: Terminal) -> None:
    terminal.line(f"This makes {plan.target} the champion in the place of {plan.champion.number}.")
    for version in plan.to_reject:
        terminal.line(f"  Rejects {version}, which is {version.status} now")


def _connect(config: Path, stage: str, group: str) -> tuple["Stage", str]:
    from operations.stage import connect

    target = connect(config, stage)
    return target, group or target.model_package_group


def _read(target: "Stage", group: str, asked: str) -> "ModelVersion":
    from operations.models import registry
    from operations.models import version as model_version

    sagemaker = target.client("sagemaker")
    return model_version.read(
        sagemaker, target.client("s3"), registry.find(sagemaker, group, asked)
    )


def _caller(target: "Stage") -> str:
    from operations.models.registry import caller

    return caller(target.client("sts").get_caller_identity()["Arn"])


def _watch(target: "Stage", execution_arn: str | None) -> str | None:
    """What to type to see the execution; one of another stage is named by its ARN."""
    if execution_arn is None:
        return None
    name = execution_arn.rsplit(":", 1)[-1]
    if execution_arn != target.names.execution_arn(name):
        return f"retrain watch {execution_arn}"
    return on_stage(f"retrain watch {name}", target.names.stage)


def _reproduce(target: "Stage", entry: "Entry") -> str | None:
    """What to type to train the version again; one of another group is named by its ARN."""
    if entry.run_uri is None:
        return None
    version = entry.version
    ours = version.group == target.model_package_group
    named = version.number if ours else version.arn
    return on_stage(f"retrain reproduce {named}", target.names.stage)


def _print_json(content: dict[str, Any]) -> None:
    typer.echo(json.dumps(content, indent=2, allow_nan=False))
