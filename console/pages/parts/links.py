"""Where pages are."""

from urllib.parse import quote


def execution_path(name: str) -> str:
    """The page of an execution."""
    return f"/executions/{quote(name, safe='')}"
