"""Whether this machine lets a user have namespaces: it is tried, because no setting tells all."""

import subprocess
import sys
import tempfile
from pathlib import Path

from local_aws.containers.containers import Containers, memory, start

_SECONDS = 20.0
_SETTINGS = (
    ("user/max_user_namespaces", "0", "sysctl -w user.max_user_namespaces=15000"),
    ("kernel/unprivileged_userns_clone", "0", "sysctl -w kernel.unprivileged_userns_clone=1"),
    (
        "kernel/apparmor_restrict_unprivileged_userns",
        "1",
        "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
    ),
)


def find_containers(
    data_folder: Path, writable: tuple[Path, ...] = ()
) -> tuple[Containers | None, str]:
    """Return what makes containers, or None and the reason why there can be none."""
    containers = Containers(data_folder, writable)
    reason = _refusal(containers)
    return (None, reason) if reason else (containers, "")


def refusal() -> tuple[str, str]:
    """Return why this machine makes no containers, "" if it does, and what would allow them."""
    with tempfile.TemporaryDirectory() as folder:
        reason = _refusal(Containers(Path(folder).resolve()))
    return reason, advice() if reason else ""


def advice(settings: Path = Path("/proc/sys")) -> str:
    """Return what would allow namespaces, as far as the kernel's settings tell."""
    if sys.platform != "linux":
        return "they need Linux"
    for name, forbidding, command in _SETTINGS:
        if _read(settings / name) == forbidding:
            return f"`sudo {command}` allows them until the next boot, /etc/sysctl.d for ever"
    return (
        "no setting of the kernel's forbids them: what this runs in does, a container without "
        "CAP_SYS_ADMIN for one, or the kernel is older than Linux 5.12"
    )


def _refusal(containers: Containers) -> str:
    """Return why no container can be made, "" if one can, in which the running Python runs."""
    if sys.platform != "linux":
        return f"{sys.platform} has no namespaces"
    with tempfile.TemporaryDirectory() as folder:
        process = start(
            [sys.executable, "-I", "-S", "-c", ""],
            env={},
            cwd=Path(folder),
            stdout=subprocess.PIPE,
            box=containers.box([memory("/tmp", 1), memory("/opt/ml", 1)], "/"),  # noqa: S108
        )
        assert process.stdout is not None
        with process.stdout as output:
            said = output.read().decode("utf-8", "replace").strip()
        code = process.wait(_SECONDS)
    return "" if code == 0 else said or f"the first process ended with {code}"


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
