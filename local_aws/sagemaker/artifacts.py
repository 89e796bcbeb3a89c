"""The archives of a training job: what all hosts left in a folder, in one .tar.gz.

https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-output.html
"""

import tarfile
from pathlib import Path

from local_aws.sagemaker.transfer import files_below


def has_files(folders: list[Path]) -> bool:
    """Tell whether there is anything to pack."""
    return any(next(files_below(folder), None) is not None for folder in folders)


def pack(folders: list[Path], archive: Path) -> None:
    """Write the archive of all that is in the folders; of equal names the last one counts.

    AWS asks for names that do not clash, and its SDK's local mode, which does as the service does,
    lets the later host's file replace the earlier one's.
    """
    members = {
        path.relative_to(folder).as_posix(): path
        for folder in folders
        for path in folder.rglob("*")
    }
    # In the order in which a walk through one folder would find them.
    ordered = sorted(members, key=lambda name: name.split("/"))
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:  # weights hardly compress
        for name in ordered:
            tar.add(members[name], arcname=name, recursive=False)
