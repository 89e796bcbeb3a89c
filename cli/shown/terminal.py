"""What the command line writes: lines, steps with a spinner and a bar, and errors.

On a terminal a step is animated and ends as one line. Elsewhere every change is a plain line.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich import filesize
from rich.console import Console, ConsoleOptions, RenderableType
from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TaskID, TextColumn
from rich.segment import Segment
from rich.text import Text

DONE, FAILED, WARNING = "✓", "✗", "!"
REPLACED = "\ufffd"


class HarmlessConsole(Console):
    """A console of rich that lets no text control the terminal: the one way from here to a screen.

    Names and reasons come from whoever uploads: they shall not move the cursor, colour the screen,
    name a link, or turn the direction of what follows. Whatever is printed, a table and a bar too,
    becomes segments here; those that rich marks as its own control codes pass as they are.
    """

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterator[Segment]:
        """Give the segments of what is to be printed, their text harmless."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=harmless(segment.text))


def harmless(text: str) -> str:
    """Return the text with its control characters replaced, all but the ends of its lines."""
    return "".join(c if c.isprintable() or c == "\n" else REPLACED for c in text)


class Step:
    """A titled piece of work that is under way."""

    def __init__(self, title: str, terminal: "Terminal", bar: Progress | None) -> None:
        self.title = title
        self.seconds = 0.0
        self._terminal = terminal
        self._bar = bar
        self._task: TaskID | None = bar.add_task(title, total=None) if bar else None

    def say(self, text: str) -> None:
        """Say what is being done now."""
        self.expect(text, None)

    def warn(self, text: str) -> None:
        """Say what went wrong without ending the work."""
        self._terminal.mark(WARNING, text, "yellow")

    def expect(self, text: str, size: int | None) -> None:
        """Say what is being done now; `size` bytes of it make a bar."""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, description=text, total=size, completed=0)
        else:
            self._terminal.line(f"  {text}" + (f" ({filesize.decimal(size)})" if size else ""))

    def advance(self, moved: int) -> None:
        """Count `moved` more bytes."""
        if self._bar is not None and self._task is not None:
            self._bar.advance(self._task, moved)


class Terminal:
    """Standard output for results and progress, standard error for what went wrong."""

    def __init__(
        self,
        out: HarmlessConsole | None = None,
        err: HarmlessConsole | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.out = out or HarmlessConsole(highlight=False)
        self.err = err or HarmlessConsole(stderr=True, highlight=False)
        self._clock = clock

    @property
    def animated(self) -> bool:
        """Whether a person looks at a terminal that can redraw its lines."""
        return self.out.is_terminal and not self.out.is_dumb_terminal

    def line(self, text: str = "", style: str = "") -> None:
        """Write one line as it is: no markup, no wrapping, no control characters."""
        self.text(Text(text, style=style))

    def text(self, text: Text) -> None:
        """Write text in several styles, without wrapping."""
        self.out.print(text, soft_wrap=True)

    def mark(self, mark: str, text: str, style: str) -> None:
        """Write one line behind a coloured mark."""
        self.text(Text.assemble((mark, f"bold {style}"), " ", text))

    def error(self, message: str, next_step: str = "") -> None:
        """Write one error to standard error: what is wrong in red, then what to do."""
        text = Text.assemble((f"{FAILED} Error: ", "bold red"), (message, "red"))
        self.err.print(text, soft_wrap=True)
        if next_step:
            self.err.print(Text(f"  Next: {next_step}"), soft_wrap=True)

    def stopped(self, text: str) -> None:
        """Write to standard error that a person ended what was going on."""
        stopped = Text.assemble((FAILED, "bold yellow"), " ", text)
        self.err.print(stopped, soft_wrap=True)

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Show `title` as under way; when the block ends, as done with its seconds."""
        started = self._clock()
        with self._bar() as bar:
            step = Step(title, self, bar)
            if bar is None:
                self.line(f"{title} ...")
            yield step
        step.seconds = self._clock() - started
        self.mark(DONE, f"{step.title} ({step.seconds:.1f} s)", "green")

    @contextmanager
    def _bar(self) -> Iterator[Progress | None]:
        if not self.animated:
            yield None
            return
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            _BytesBar(),
            _Bytes(),
        )
        with Progress(*columns, console=self.out, transient=True) as bar:
            yield bar


class _BytesBar(BarColumn):
    """A bar for tasks of known size, nothing for others."""

    def render(self, task):  # type: ignore[no-untyped-def]
        return super().render(task) if task.total else Text()


class _Bytes(DownloadColumn):
    """Bytes moved and in all for tasks of known size, nothing for others."""

    def render(self, task):  # type: ignore[no-untyped-def]
        return super().render(task) if task.total else Text()
