"""`retrain events`: what no Lambda could handle is shown, and given to its Lambda again."""
# ruff: noqa: PLC0415  Each command imports what it needs, so that `retrain --help` is quick.

import json
from typing import Annotated

import typer

from cli.options import CONFIG, DEV, AsJson, Config, StageName
from cli.shown.terminal import Terminal

events_app = typer.Typer(
    no_args_is_help=True,
    help="Events that no Lambda could handle.\n\nExample: retrain events list",
)


@events_app.command("list")
def events_list(
    as_json: AsJson = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many to show at most.")] = 1000,
    stage: StageName = DEV,
    config: Config = CONFIG,
) -> None:
    """Show the events that no Lambda could handle; they stay where they are.

    Example: retrain events list
    """
    from cli.shown import events
    from operations.failed_events.queue import FailedEvents, listing
    from operations.stage import connect

    target = connect(config, stage)
    queue = FailedEvents(target.client("sqs"), target.names)
    found = listing(queue, limit)
    if as_json:
        typer.echo(json.dumps(found.as_json()))
    else:
        events.show(found, queue.name, Terminal())


@events_app.command("replay")
def events_replay(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="ID", help="As `retrain events list` shows.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All events that are kept.")] = False,
    stage: StageName = DEV,
    config: Config = CONFIG,
) -> None:
    """Give failed events to their Lambdas again.

    An event leaves the queue when Lambda has taken it. Exits with 1 if one could not be replayed.

    Example: retrain events replay --all
    """
    from cli.shown import events
    from operations.failed_events.queue import FailedEvents, replay, selection
    from operations.stage import connect

    chosen = selection(ids or [], everything)
    target = connect(config, stage)
    queue = FailedEvents(target.client("sqs"), target.names)
    replays = replay(queue, target.client("lambda"), target.names, chosen)
    if not events.tell(replays, Terminal()):
        raise typer.Exit(1)
