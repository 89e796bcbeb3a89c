"""What a person looks for in the Cause of an execution that ended without success."""

import json


def readable_cause(cause: str) -> str:
    """Return the sentence in a Cause that says what went wrong; the Cause itself if it has none.

    A failed job's Cause is its Describe answer as JSON, a failed Lambda's is its error as JSON.
    A processing job's FailureReason only points at its log: the ExitMessage is its own words.
    """
    try:
        details = json.loads(cause)
    except (ValueError, RecursionError):
        return cause
    if isinstance(details, dict):
        for key in ("ExitMessage", "FailureReason", "errorMessage"):
            if details.get(key):
                return str(details[key])
    return cause
