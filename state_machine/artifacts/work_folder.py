"""The folder `.retrain` of a project: what is packed, kept and logged, for its owner alone."""

from pathlib import Path

NAME = ".retrain"


def work_folder(project: Path) -> Path:
    """Return the folder, which is made if it is not there; nobody else may look into it.

    Keys, data sets and logs lie in it.
    """
    folder = project / NAME
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder
