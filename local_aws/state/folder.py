"""The data folder is its owner's alone: what is kept there is run when a server loads it."""

import os
import pwd
import stat
from contextlib import suppress
from pathlib import Path

_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH


class ForeignFolderError(Exception):
    """Another user owns what a server would load, or may write it."""


def make_private(folder: Path) -> None:
    """Make the folder with what is above it, and let nobody but its owner into it.

    Raises:
        ForeignFolderError: it is another user's, or others may write to it.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    check_own(folder)
    folder.chmod(0o700)


def check_own(path: Path) -> None:
    """Find that a folder and all files right in it are this user's, and that no other may write.

    Of a link what it leads to is looked at too.

    Raises:
        ForeignFolderError: names the first that is not.
    """
    for each in (path, *sorted(path.iterdir())):
        _check_own(each, each.lstat())
        if each.is_symlink() and each.exists():
            _check_own(each.resolve(), each.stat())


def _check_own(each: Path, found: os.stat_result) -> None:
    if found.st_uid != os.geteuid():
        raise ForeignFolderError(
            f"{each} belongs to {_name_of(found.st_uid)}, expected {_name_of(os.geteuid())}: "
            f"what it holds would run as you. Move it away, or take it over with chown if you "
            f"trust what is in it"
        )
    if found.st_mode & _OTHERS_MAY_WRITE and not stat.S_ISLNK(found.st_mode):
        raise ForeignFolderError(
            f"others may write to {each} (mode {stat.S_IMODE(found.st_mode):o}): what it holds "
            f"would run as you. If you trust it, chmod go-w"
        )


def _name_of(user: int) -> str:
    with suppress(KeyError):
        return pwd.getpwuid(user).pw_name
    return f"user {user}"
