"""Debian's package of Fashion-MNIST: its installed files, or the package fetched without root."""

import os
import shutil
from pathlib import Path

from operations.report import Report
from state_machine import processes
from state_machine.processes import ProcessFailedError

PACKAGE = "dataset-fashion-mnist"
_A_FILE_OF_IT = "train-images-idx3-ubyte.gz"
_TIMEOUT_SECONDS = 300


class DebianError(Exception):
    """dpkg or apt are not here, or could not do it."""


def installed_folder() -> Path | None:
    """The folder where the installed package keeps its files, or None."""
    if shutil.which("dpkg") is None:
        return None
    try:
        listed = _run(["dpkg", "-L", PACKAGE], Path.cwd())
    except DebianError:
        return None
    paths = (Path(line) for line in listed.splitlines())
    return next((path.parent for path in paths if path.name == _A_FILE_OF_IT), None)


def fetch(scratch: Path, report: Report) -> Path:
    """Download the package with apt and unpack it below `scratch`; return its files' folder.

    Neither needs root. Where apt's own package lists are empty or out of date, lists of our own are
    fetched into `scratch`.

    Raises:
        DebianError: with apt's own reason.
    """
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise DebianError(f"{tool} is not on this machine")
    report.say(f"Fetching Debian's package {PACKAGE} (31 MB)")
    try:
        package = _download(scratch, [])
    except DebianError:
        report.say("Fetching Debian's package lists")
        own_lists = _own_folders(scratch)
        _run(["apt-get", *own_lists, "update"], scratch)
        report.say(f"Fetching Debian's package {PACKAGE} (31 MB)")
        package = _download(scratch, own_lists)
    report.say(f"Unpacking {package.name}")
    _run(["dpkg-deb", "-x", str(package), str(scratch / "unpacked")], scratch)
    return _folder_of(scratch / "unpacked")


def _download(scratch: Path, options: list[str]) -> Path:
    _run(["apt-get", *options, "download", PACKAGE], scratch)
    packages = list(scratch.glob(f"{PACKAGE}_*.deb"))
    if not packages:
        raise DebianError("apt-get download left no package")
    return packages[0]


def _own_folders(scratch: Path) -> list[str]:
    """Options that have apt keep lists and cache where this user may write."""
    lists, cache = scratch / "lists", scratch / "cache"
    for folder in (lists / "partial", cache / "archives" / "partial"):
        folder.mkdir(parents=True, exist_ok=True)
    return ["-o", f"Dir::State::Lists={lists}", "-o", f"Dir::Cache={cache}"]


def _folder_of(unpacked: Path) -> Path:
    found = next(unpacked.rglob(_A_FILE_OF_IT), None)
    if found is None:
        raise DebianError(f"the package holds no {_A_FILE_OF_IT}")
    return found.parent


def _run(command: list[str], folder: Path) -> str:
    """The command's standard output. Raises DebianError with its last line of error."""
    environment = {**os.environ, "LC_ALL": "C"}
    try:
        printed = processes.run(
            command, command[0], env=environment, cwd=folder, timeout=_TIMEOUT_SECONDS
        )
    except ProcessFailedError as error:
        lines = [line for line in error.lines if line.startswith(("E:", "dpkg"))]
        raise DebianError(f"{command[0]}: {lines[0]}" if lines else str(error)) from error
    return printed.decode(errors="replace")
