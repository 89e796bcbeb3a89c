"""Failed events on the terminal: what is kept, and what became of those that are replayed."""

from collections.abc import Iterable

from cli.shown.terminal import DONE, FAILED, WARNING, Terminal
from operations.failed_events.queue import Kept, Listing, Replay


def show(found: Listing, queue: str, terminal: Terminal) -> None:
    """Write each event in three lines, and what to do about them."""
    if not found.events:
        terminal.line(f"No failed events are kept in {queue}")
        return
    for event in found.events:
        _show(event, terminal)
    if len(found.events) < found.kept:
        terminal.line(f"Shown are {len(found.events)} of about {found.kept}: see --limit")
    terminal.line("Next: when the cause is mended, retrain events replay ID, or --all")


def tell(replays: Iterable[Replay], terminal: Terminal) -> bool:
    """Write a line for each event as it is replayed; return whether all of them were."""
    done = []
    for replayed in replays:
        mark, style = (DONE, "green") if replayed.done else (FAILED, "red")
        terminal.mark(mark, f"{replayed.id}  {replayed.message}", style)
        done.append(replayed.done)
    terminal.line(f"Replayed {sum(done)} of {len(done)}")
    return all(done)


def _show(event: Kept, terminal: Terminal) -> None:
    at = f"{event.at:%Y-%m-%d %H:%M:%S} UTC"
    if event.record is None:
        terminal.mark(WARNING, f"{event.id}  {at}  {event.problem}", "yellow")
        return
    record = event.record
    terminal.line(f"{event.id}  {at}  {record.function}, tried {_times(record.attempts)}")
    terminal.line(f"  Event  {record.event}")
    terminal.line(f"  Cause  {': '.join(filter(None, (record.condition, record.cause)))}")


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
