"""Lines, steps and errors on a terminal and elsewhere."""

import pytest
from rich.text import Text

from tests.fakes.terminal import PlainTerminal


def test_a_step_elsewhere_is_plain_lines(terminal: PlainTerminal) -> None:
    with terminal.step("Upload") as step:
        step.expect("Uploading a.gz", 2_500_000)
        step.advance(2_500_000)
        step.title = "Upload of 1 file"
    assert terminal.lines() == [
        "Upload ...",
        "  Uploading a.gz (2.5 MB)",
        "✓ Upload of 1 file (0.0 s)",
    ]


def test_a_step_on_a_terminal_ends_as_one_line() -> None:
    terminal = PlainTerminal(animated=True)
    with terminal.step("Upload") as step:
        step.expect("Uploading a.gz", 100)
        step.advance(100)
        step.warn("slow")
    assert "slow" in terminal.written()
    assert terminal.written().rstrip().endswith("Upload (0.0 s)")


def test_a_step_that_fails_is_not_marked_as_done(terminal: PlainTerminal) -> None:
    with pytest.raises(OSError), terminal.step("Upload"):
        raise OSError
    assert "✓" not in terminal.written()


def test_text_is_written_as_it_is(terminal: PlainTerminal) -> None:
    path = "[red]/" + "x" * 200
    terminal.line(path)
    assert terminal.lines() == [path]


def test_an_error_has_its_next_step_below(terminal: PlainTerminal) -> None:
    terminal.error("x is 1, expected 2", "set x")
    terminal.error("alone")
    assert terminal.lines() == [
        "✗ Error: x is 1, expected 2",
        "  Next: set x",
        "✗ Error: alone",
    ]


NASTY = "a\x1b[31mred\x1b]8;;http://evil\x07 \x9b1m \r\x08 \u202etxt.exe \u2028 \0"


def _is_harmless(written: str) -> bool:
    return all(c.isprintable() or c == "\n" for c in written)


def test_nothing_that_is_written_controls_the_terminal(terminal: PlainTerminal) -> None:
    terminal.line(NASTY)
    terminal.text(Text.assemble((NASTY, "bold"), "[red]"))
    terminal.mark("!", NASTY, "red")
    terminal.error(NASTY, NASTY)
    terminal.stopped(NASTY)
    with terminal.step(NASTY) as step:
        step.say(NASTY)
    assert _is_harmless(terminal.written())
    assert terminal.written().count("txt.exe") == 9


def test_a_bar_shows_what_it_is_told_as_it_is() -> None:
    terminal = PlainTerminal(animated=True)
    with terminal.step("Upload") as step:
        step.expect("[link=http://evil]raw_data/[red]x[/red]", 100)
        step._bar.refresh()
    assert "[link=http://evil]raw_data/[red]x[/red]" in terminal.written()
