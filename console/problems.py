"""What may go wrong while AWS is asked, and the line that a page says of it."""

from botocore.exceptions import BotoCoreError, ClientError

from console.account import ReadOnlyError
from operations.errors import RetrainError

PROBLEMS = (RetrainError, ReadOnlyError, BotoCoreError, ClientError)


def in_words(problem: Exception) -> str:
    """Return what a person reads of one of PROBLEMS, and what to do next if that is known."""
    if isinstance(problem, BotoCoreError):
        return f"AWS cannot be asked: {problem}"
    if isinstance(problem, ClientError):
        return f"AWS answers: {problem}"
    return ". Next: ".join(filter(None, (str(problem), getattr(problem, "next_step", ""))))
