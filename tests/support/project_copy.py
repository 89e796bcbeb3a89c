"""A folder like a clone of the project, whose own files a test may change."""

import shutil
from pathlib import Path

from tests.support.paths import PROJECT

CHANGED_BY_TESTS = ("app.py", "pipeline.toml", "requirements.txt")
_LINKED = (".chalice", "lambdas", "ml_scripts", "vendor")


def copy_of_project(folder: Path) -> Path:
    """Make `folder` a copy of what is deployed; return it. The wheels are those of the project."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in _LINKED:
        (folder / name).symlink_to(PROJECT / name)
    for name in CHANGED_BY_TESTS:
        shutil.copyfile(PROJECT / name, folder / name)
    wheels = PROJECT / ".retrain" / "wheels"
    wheels.mkdir(parents=True, exist_ok=True)
    (folder / ".retrain").mkdir()
    (folder / ".retrain" / "wheels").symlink_to(wheels)
    return folder
