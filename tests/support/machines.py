"""The embedded AWS as it is started by another user, or on a machine without namespaces."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local_aws.client import Connection
from tests.support.paths import PROJECT

NOBODY = 65534
# Root's Python may lie in root's home, which nobody else may enter: then it is shown there in a
# home that all may enter.
_AS_NOBODY = """set -e
if test -n "$1"; then
    mount --bind "$1" "$2"
    mount -t tmpfs -o mode=755 none /root
    mkdir -p "$1"
    mount --move "$2" "$1"
fi
shift 2
exec setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
"""
# Its /opt may be written, as the machine's may by root.
_WITHOUT_NAMESPACES = """set -e
mount -t tmpfs -o mode=755 none /opt
echo 0 > /proc/sys/user/max_user_namespaces
exec setpriv --bounding-set=-all --inh-caps=-all "$@"
"""


@contextmanager
def unprivileged(folder: Path) -> Iterator[Connection]:
    """The embedded AWS of a user who is not root: of this one or, if that is root, of nobody."""
    command: list[str] = []
    if os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)
        prefix = Path(sys.base_prefix).resolve()
        hidden = str(prefix) if prefix.is_relative_to("/root") else ""
        (folder / "python").mkdir()
        shell = ["sh", "-c", _AS_NOBODY, "sh", hidden, str(folder / "python")]
        command = ["unshare", "--mount", *shell]
    with _serving(command, folder) as aws:
        yield aws


@contextmanager
def without_namespaces(folder: Path) -> Iterator[Connection]:
    """The embedded AWS where the kernel refuses namespaces."""
    with _serving(refusing_namespaces(), folder) as aws:
        yield aws


def refusing_namespaces() -> list[str]:
    """What goes before a command to have the kernel refuse it namespaces."""
    unshare = ["unshare", "--user", "--map-root-user", "--mount"]
    return [*unshare, "sh", "-c", _WITHOUT_NAMESPACES, "sh"]


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder for a test that another user may reach, as pytest's may not."""
    folder = Path(tempfile.mkdtemp(prefix="retrain-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def _serving(prefix: list[str], folder: Path) -> Iterator[Connection]:
    data_folder = folder / "aws"
    serve = [sys.executable, "-B", "-m", "local_aws", "--data-folder", str(data_folder)]
    with subprocess.Popen(
        [*prefix, *serve, "--stop-with-stdin"],
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"], "HOME": str(folder)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        about = json.loads(process.stdout.readline())
        yield Connection(data_folder, about["endpoint"], "us-east-1", about["pid"])
        process.stdin.close()
        process.wait(30)
