"""`retrain deploy` and `retrain destroy`: a stage comes and goes."""
# ruff: noqa: PLC0415  Each command imports what it needs, so that `retrain --help` is quick.

from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import CONFIG, DEV, Config, StageName, on_stage
from cli.shown.terminal import DONE, Terminal

if TYPE_CHECKING:
    from operations.stage import Stage
    from state_machine.deployment.stage import StageDeployment

PlanOnly = Annotated[bool, typer.Option("--plan", help="Show what would be done, and stop.")]
Yes = Annotated[bool, typer.Option("--yes", help="Agree to what is deleted.")]


def deploy(
    stage: StageName = DEV,
    config: Config = CONFIG,
    plan: PlanOnly = False,
    yes: Yes = False,
) -> None:
    """Deploy the pipeline, or bring it up to date.

    The AWS account is the one that the credentials name. What is as it should be is not touched;
    interrupted, it goes on where it was when it is repeated.

    Example: retrain deploy --stage dev --plan
    """
    from cli.shown import plan as planning
    from operations.stage import connect
    from state_machine.deployment.resource import Action

    target, terminal = connect(config, stage), Terminal()
    there = _deployment(target)
    with terminal.step(f"Plan for {_where(target)}"):
        steps = there.plan()
    planning.show(steps, terminal)
    if plan:
        return
    planning.agree(steps, "Delete what pipeline.toml no longer asks for?", yes=yes)
    if all(step.action is Action.KEEP for step in steps):
        terminal.mark(DONE, "Everything is as it should be", "green")
        return
    planning.apply(steps, f"Deployment of {_where(target)}", terminal)
    terminal.line(f"Next: {on_stage('retrain upload FOLDER', stage)}")


def destroy(
    stage: StageName = DEV,
    config: Config = CONFIG,
    data: Annotated[
        bool, typer.Option("--data", help="Delete objects, model versions, logs and events, too.")
    ] = False,
    plan: PlanOnly = False,
    yes: Yes = False,
) -> None:
    """Remove what `deploy` made; what holds data stays, unless --data is given.

    Running executions are stopped. A stage whose data stayed can be deployed again.

    Example: retrain destroy --stage dev --plan
    """
    from cli.shown import plan as planning
    from operations.stage import connect

    target, terminal = connect(config, stage), Terminal()
    with terminal.step(f"Plan for {_where(target)}"):
        steps = _deployment(target).removal_plan(with_data=data)
    planning.show(steps, terminal)
    if plan or not steps:
        return
    planning.agree(steps, f"Delete this of {_where(target)}?", yes=yes)
    planning.apply(steps, f"Removal of {_where(target)}", terminal)


def _deployment(target: "Stage") -> "StageDeployment":
    from state_machine.deployment.stage import StageDeployment

    return StageDeployment(target.config, target.names, target.session, target.project)


def _where(target: "Stage") -> str:
    names = target.names
    return f"stage {names.stage} in account {names.account}, {names.region}"
