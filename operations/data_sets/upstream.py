"""The upstream project's own files, over HTTP. The caller checks what comes."""

from pathlib import Path
from urllib.request import urlopen

from operations.report import Report

MIRRORS = (
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    # S3's website endpoints speak no HTTPS: the digests are what makes this one safe.
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
)
TIMEOUT_SECONDS = 20.0
MAX_BYTES = 64_000_000
_CHUNK = 1 << 16


def download(
    url: str, names: list[str], folder: Path, report: Report, *, at_most: int = MAX_BYTES
) -> Path:
    """Save `url` + name for each of `names` in `folder` and return the folder.

    Raises OSError (URLError and HTTPError are kinds of it) when one cannot be had whole, or has
    more than `at_most` bytes.
    """
    for name in names:
        _download(url + name, folder / name, report, at_most)
    return folder


def _download(url: str, target: Path, report: Report, at_most: int) -> None:
    with (
        urlopen(url, timeout=TIMEOUT_SECONDS) as response,  # noqa: S310 (MIRRORS, above)
        target.open("wb") as file,
    ):
        size = response.length
        report.expect(f"Downloading {target.name}", size)
        while chunk := response.read(_CHUNK):
            file.write(chunk)
            report.advance(len(chunk))
            if file.tell() > at_most:
                raise OSError(f"{url} is longer than {at_most} bytes")
        if size is not None and file.tell() != size:
            raise OSError(f"{url} ended after {file.tell()} of {size} bytes")
