"""What may go wrong while AWS is asked, and the line that a page says of it."""

import logging

from botocore.exceptions import BotoCoreError, ClientError

from console.account import ReadOnlyError
from lambdas.boundary.text import one_line
from operations.errors import RetrainError, explained

_log = logging.getLogger(__name__)


def in_words(problem: Exception) -> str:
    """Return what a person reads of a problem, and what to do next if that is known.

    A problem that nobody foresaw is logged with its traceback: what one run holds must leave a line
    on the page, and never an empty page.
    """
    match problem:
        case RetrainError() | ReadOnlyError():
            return _with_next_step(problem, str(problem))
        case BotoCoreError() if known := explained(problem):
            return _with_next_step(known, f"AWS cannot be asked: {known}")
        case BotoCoreError():
            return f"AWS cannot be asked: {problem}"
        case ClientError():
            return _with_next_step(explained(problem), f"AWS answers: {problem}")
    _log.error("not foreseen", exc_info=problem)
    said = one_line(f"{type(problem).__name__}: {problem}", 300)
    return f"This cannot be shown: {said}. Next: see the console's log"


def _with_next_step(problem: Exception | None, said: str) -> str:
    return ". Next: ".join(filter(None, (said, getattr(problem, "next_step", ""))))
