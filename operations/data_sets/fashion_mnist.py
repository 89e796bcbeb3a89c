"""Fashion-MNIST on this machine, whichever way works here.

The ways are tried in order: a folder given by the user, the project's cache, the files of Debian's
package if it is installed, that package fetched and unpacked without root, the upstream project.
Whatever the way, the files are held against the digests below before anything uses them.

Xiao, Rasul, Vollgraf: Fashion-MNIST, https://arxiv.org/abs/1708.07747
"""

import gzip
import hashlib
import shutil
import tempfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from operations.data_sets import debian, upstream
from operations.errors import DatasetNotFoundError, InputError
from operations.report import Report

NAME = "fashion-mnist"


@dataclass(frozen=True)
class Pin:
    """What a file must hold: the sha256 and the size in bytes of the *uncompressed* content."""

    sha256: str
    size: int


# Not of the .gz files, because Debian's build removes name and time from their gzip headers. With
# those two put back, Debian's files have the very MD5 sums that upstream's README publishes.
PINS = {
    "train-images-idx3-ubyte.gz": Pin(
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888", 47_040_016
    ),
    "train-labels-idx1-ubyte.gz": Pin(
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9", 60_008
    ),
    "t10k-images-idx3-ubyte.gz": Pin(
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b", 7_840_016
    ),
    "t10k-labels-idx1-ubyte.gz": Pin(
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34", 10_008
    ),
}


class SourceError(Exception):
    """One way to get the files did not work; the next is tried."""


class NothingThereError(SourceError):
    """One way had nothing to offer, which is no reason to worry anyone."""


@dataclass(frozen=True)
class Source:
    """A way to get the files: `provide(scratch, report)` returns a folder that holds them.

    `provide` raises SourceError, or OSError, when it cannot.
    """

    name: str
    provide: Callable[[Path, Report], Path]


def sources(cache: Path, given: Path | None = None) -> list[Source]:
    """The ways in the order in which they are tried."""
    named = [Source(f"the folder {given}", lambda *_: given)] if given else []
    return [
        *named,
        Source("the project's cache", lambda *_: _existing(cache)),
        Source("Debian's package, installed", _installed_package),
        Source("Debian's package, fetched without root", _fetched_package),
        *(Source(url, _upstream(url)) for url in upstream.MIRRORS),
    ]


def fashion_mnist(
    cache: Path,
    report: Report,
    given: Path | None = None,
    ways: Sequence[Source] | None = None,
    pins: dict[str, Pin] = PINS,
) -> Path:
    """Put the four checked files into the folder `cache` and return it.

    Raises:
        InputError: the folder that the user gave does not exist.
        DatasetNotFoundError: no way worked; the message names each with its reason.
    """
    if given is not None and not given.is_dir():
        raise InputError(f"{given} is not a folder", f"it must hold {', '.join(pins)}")
    reasons = []
    for source in sources(cache, given) if ways is None else ways:
        try:
            _take(source, cache, report, pins)
        except (SourceError, OSError) as error:
            reasons.append(f"{source.name}: {error}")
            if not isinstance(error, NothingThereError):
                report.warn(reasons[-1])
        else:
            report.say(f"Fashion-MNIST from {source.name}, digests checked")
            return cache
    raise DatasetNotFoundError(
        "Fashion-MNIST could not be had in any way:\n" + "\n".join(f"  - {r}" for r in reasons),
        "download the four files elsewhere and name their folder with --data",
    )


def check(folder: Path, pins: dict[str, Pin] = PINS) -> None:
    """Hold every file against its pin. Raises SourceError naming the first that differs."""
    for name, pin in pins.items():
        path = folder / name
        if not path.is_file():
            raise SourceError(f"{name} is missing in {folder}")
        found = _digest(path, at_most=pin.size)
        if found != pin.sha256:
            raise SourceError(f"{path} has sha256 {found}, expected {pin.sha256} (uncompressed)")


def _digest(path: Path, at_most: int) -> str:
    """The sha256 of the uncompressed content, reading no more than one byte too many."""
    digest, left = hashlib.sha256(), at_most + 1
    try:
        with gzip.open(path) as content:
            while left and (chunk := content.read(min(left, 1 << 20))):
                digest.update(chunk)
                left -= len(chunk)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise SourceError(f"{path} is not a whole gzip file: {error}") from error
    return digest.hexdigest()


def _take(source: Source, cache: Path, report: Report, pins: dict[str, Pin]) -> None:
    cache.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetching-", dir=cache.parent) as scratch:
        folder = source.provide(Path(scratch), report)
        check(folder, pins)
        if folder != cache:
            _into_cache(folder, cache, Path(scratch), pins)


def _into_cache(folder: Path, cache: Path, scratch: Path, pins: dict[str, Pin]) -> None:
    """Copy into a new folder and rename that: a cache is there as a whole or not at all."""
    new = scratch / "checked"
    new.mkdir()
    for name in pins:
        shutil.copyfile(folder / name, new / name)
    check(new, pins)
    if cache.exists():
        cache.rename(scratch / "replaced")
    new.rename(cache)


def _existing(folder: Path) -> Path:
    if not folder.is_dir():
        raise NothingThereError(f"{folder} is not there yet")
    return folder


def _installed_package(_scratch: Path, _report: Report) -> Path:
    folder = debian.installed_folder()
    if folder is None:
        raise NothingThereError(f"{debian.PACKAGE} is not installed")
    return folder


def _fetched_package(scratch: Path, report: Report) -> Path:
    try:
        return debian.fetch(scratch, report)
    except debian.DebianError as error:
        raise SourceError(str(error)) from error


def _upstream(url: str) -> Callable[[Path, Report], Path]:
    def provide(scratch: Path, report: Report) -> Path:
        return upstream.download(url, list(PINS), scratch, report)

    return provide
