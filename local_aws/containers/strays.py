"""Files that a job without namespaces has written to this machine's own /opt/ml."""

import os
from pathlib import Path


def written_since(folder: Path, since: float) -> Path | None:
    """Return a file below the folder that was written after `since`, seconds since 1970, or None.

    The kernel gives files the time of its last tick, up to 10 ms ago: no job writes so soon after
    its launch. What may not be looked at, and what goes away meanwhile, is passed over.
    """
    for parent, _, names in os.walk(folder):
        for path in (Path(parent, name) for name in names):
            try:
                if path.lstat().st_mtime >= since:
                    return path
            except OSError:
                continue
    return None
