"""Where things lie in the project."""

from pathlib import Path

PROJECT = Path(__file__).parents[2]
EVENTS = PROJECT / "tests" / "events"
ML_SCRIPTS = PROJECT / "ml_scripts"
# Every package at the top, but for the tests.
PRODUCT = frozenset(path.parent.name for path in PROJECT.glob("*/__init__.py")) - {"tests"}
_NO_PRODUCT = {"docs", "tests", "vendor"}  # vendor/lambdas is lambdas


def product_sources() -> list[Path]:
    """Return every Python file of the product, whatever folder it is in."""
    inside = [
        path
        for folder in PROJECT.iterdir()
        if folder.is_dir() and folder.name not in _NO_PRODUCT and not folder.name.startswith(".")
        for path in folder.rglob("*.py")
    ]
    return sorted([PROJECT / "app.py", *inside])
