"""Buttons that change something, and the dialog that says what follows before they do."""

from collections.abc import Awaitable, Callable, Sequence

from nicegui import run, ui

from console.account import READ_ONLY, Account
from console.problems import in_words

LONGEST_REASON = 800  # leaves the registry's description room for who it was


def button(
    account: Account,
    text: str,
    icon: str,
    press: Callable[[], object],
    colour: str = "primary",
) -> ui.button:
    """A button for a change; on a read-only console it cannot be pressed, and says why."""
    with ui.element("span") as around:
        made = ui.button(text, icon=icon, color=colour, on_click=press).props("no-caps")
    if account.read_only:
        made.disable()
        # A disabled button tells nobody anything: what surrounds it does.
        made.props["aria-description"] = around.props["title"] = READ_ONLY
    return made


async def attempt(what: Callable[[], object]) -> str:
    """Do something that asks AWS, in a thread; return what went wrong, or nothing."""
    try:
        await run.io_bound(what)
    except Exception as error:
        return in_words(error)
    return ""


def decide(
    title: str,
    follows: Sequence[str],
    go: str,
    act: Callable[[str], object],
    done: Callable[[], Awaitable[object]],
) -> None:
    """Ask for a reason, having said what follows; then call `act` with it in a thread, and `done`.

    What goes wrong is said in the dialog, which stays open.
    """
    # Beside what is read again and again: a dialog must not go away while somebody writes.
    with (
        ui.context.client.content,
        ui.dialog() as dialog,
        ui.card().classes("w-full max-w-lg gap-3"),
    ):
        dialog.props["aria-label"] = title
        ui.label(title).classes("text-lg font-semibold").props("role=heading aria-level=2")
        with ui.element("ul").classes("list-disc pl-5"):
            for line in follows:
                with ui.element("li"):
                    ui.label(line)
        reason = (
            ui.textarea("Reason (required)")
            .classes("w-full")
            .props("autogrow outlined autofocus hide-bottom-space")
        )
        reason.props["maxlength"] = LONGEST_REASON
        problem = ui.label().props("role=alert").classes("text-negative wrap")
        problem.visible = False

        async def confirm() -> None:
            given = str(reason.value or "")
            if not given.strip():
                reason.error = "Say why: it stands in the registry and in the announcement"
                return
            reason.error = None
            going.disable()
            problem.text = await attempt(lambda: act(given))
            problem.visible = bool(problem.text)
            going.enable()
            if not problem.text:
                dialog.close()
                await done()

        with ui.row().classes("w-full justify-end"):
            ui.button("Cancel", on_click=dialog.close, color="secondary").props("flat no-caps")
            going = ui.button(go, on_click=confirm).props("no-caps")
    dialog.open()
