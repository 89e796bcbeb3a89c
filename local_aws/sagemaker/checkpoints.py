"""The checkpoints of a training job: restored before it starts, copied to S3 while it runs.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-checkpoints.html
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from local_aws.sagemaker.transfer import (
    S3Uri,
    Transfer,
    TransferError,
    download_prefix,
    files_below,
)

_INTERVAL_SECONDS = 1.0

_log = logging.getLogger(__name__)

_Versions = dict[Path, tuple[int, int]]  # modification time in ns, size in bytes


class Checkpoints:
    """A folder and the S3 prefix that mirrors it."""

    def __init__(self, transfer: Transfer, folder: Path, uri: S3Uri) -> None:
        self._transfer = transfer
        self._folder = folder
        self._uri = uri
        self._stored: _Versions = {}

    def restore(self) -> None:
        """Bring what an earlier job left under the prefix, which may be nothing."""
        for path in download_prefix(self._transfer, self._uri, self._folder):
            self._stored[path] = _version(path)

    @contextmanager
    def mirrored(self) -> Iterator[None]:
        """Mirror the folder while the block runs, and once more, completely, when it ends."""
        ended = threading.Event()
        thread = threading.Thread(target=self._mirror_until, args=(ended,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
            self._store(self._versions())

    def _mirror_until(self, ended: threading.Event) -> None:
        before: _Versions = {}
        while not ended.wait(_INTERVAL_SECONDS):
            now = self._versions()
            # Only what two looks found alike: a file still being written waits for the next one.
            settled = {
                path: version for path, version in now.items() if before.get(path) == version
            }
            try:
                self._store(settled, gone=self._stored.keys() - now.keys())
            except TransferError as error:
                _log.warning("checkpoints of %s: %s", self._uri, error)
            before = now

    def _store(self, found: _Versions, gone: set[Path] | None = None) -> None:
        """Put what is new or changed, then delete what is gone, as AWS does."""
        # Oldest first: a file that names another one never arrives before it.
        for path, version in sorted(found.items(), key=lambda item: item[1]):
            if self._stored.get(path) != version:
                with suppress(FileNotFoundError):
                    self._transfer.upload(path, self._object(path))
                    self._stored[path] = version
        for path in self._stored.keys() - found.keys() if gone is None else gone:
            self._transfer.delete(self._object(path))
            del self._stored[path]

    def _object(self, path: Path) -> S3Uri:
        return self._uri / path.relative_to(self._folder).as_posix()

    def _versions(self) -> _Versions:
        versions = {}
        for path in files_below(self._folder):
            with suppress(FileNotFoundError):
                versions[path] = _version(path)
        return versions


def _version(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_mtime_ns, status.st_size
