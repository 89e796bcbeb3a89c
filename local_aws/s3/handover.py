"""Objects of jobs handed over as files: on one machine their bytes need not go through HTTP.

A job's transfer makes the same calls as any client, with the rights of the job's role. But it shows
a ticket that only this process knows, and then what GetObject answers with, and what PutObject is
given, is the path of a file. The kernel copies it, and shares its blocks where the file system can.
"""

import hashlib
import os
import secrets
import shutil
import threading
from pathlib import Path
from typing import IO, Any

from moto.s3.responses import S3Response

from local_aws.wrapping import Original, wrap

_HEADER = "x-retrain-handover"
_TICKET = secrets.token_hex()

_current = threading.local()


def use_tickets(s3: Any) -> None:
    """Have a boto3 client of S3 show the ticket: its objects' bodies are paths from then on."""

    def show(request: Any, **_: Any) -> None:
        request.headers[_HEADER] = _TICKET

    for operation in ("GetObject", "PutObject"):
        s3.meta.events.register(f"before-sign.s3.{operation}", show)


def install() -> None:
    """Let GetObject and PutObject notice a ticket."""
    wrap(S3Response, "get_object", _noticing_a_ticket)
    wrap(S3Response, "put_object", _noticing_a_ticket)


def under_way() -> bool:
    """Tell whether the request that this thread answers came with a ticket."""
    return getattr(_current, "handover", False)


def offer(path: Path) -> bytes:
    """Return what stands for the bytes of a stored object."""
    return os.fsencode(path)


def take(offered: bytes, path: Path) -> tuple[int, str]:
    """Copy the file that was offered to `path`; return its size in bytes and its MD5."""
    with Path(os.fsdecode(offered)).open("rb") as source:
        copy(source, path)
        source.seek(0)
        return path.stat().st_size, hashlib.file_digest(source, "md5").hexdigest()


def copy(source: IO[bytes], target: Path) -> None:
    """Write the whole of an open file to `target`."""
    with target.open("wb") as file:
        if hasattr(os, "copy_file_range"):
            size, done = os.fstat(source.fileno()).st_size, 0
            try:
                while done < size and (
                    count := os.copy_file_range(
                        source.fileno(), file.fileno(), size - done, done, done
                    )
                ):
                    done += count
                return
            except OSError:  # two file systems, or one that cannot
                file.truncate(0)
        source.seek(0)
        shutil.copyfileobj(source, file)


def _noticing_a_ticket(original: Original, response: S3Response) -> Any:
    shown = response.headers.get(_HEADER, "")
    if not secrets.compare_digest(shown.encode(), _TICKET.encode()):
        return original(response)
    _current.handover = True
    try:
        status, headers, body = original(response)
    finally:
        _current.handover = False
    if body:
        headers["content-length"] = str(len(body))
    return status, headers, body
