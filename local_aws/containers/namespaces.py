"""The kernel's calls that make a container: namespaces, mounts, and what root may do in them.

Python 3.11 has no os.unshare, and no Python has mount, so libc is called by ctypes. Each function
raises OSError with the kernel's reason. Standard library only: this runs in every container's first
process, under `python -I -S`.

https://man7.org/linux/man-pages/man7/namespaces.7.html
"""

import contextlib
import ctypes
import os
from collections.abc import Iterator, Sequence

CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
MS_NOSUID_NODEV = 0x2 | 0x4
MS_BIND = 0x1000
MS_REC = 0x4000
MS_SLAVE = 0x80000
AT_FDCWD = -100
AT_RECURSIVE = 0x8000
SYS_MOUNT_SETATTR = 442  # on every architecture; Linux 5.12
MOUNT_ATTR_RDONLY = 0x1
PR_CAPBSET_DROP = 24
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4

# Of root's capabilities those that Docker leaves to root too, without raw sockets, device files and
# the setting of capabilities: chown, dac_override, fowner, fsetid, kill, setgid, setuid,
# net_bind_service, sys_chroot.
_LEFT_TO_ROOT = {0, 1, 3, 4, 5, 6, 7, 10, 18}

_libc = ctypes.CDLL(None, use_errno=True)


# One step in making what a container sees: a kind, a source and a target. The kind says what lies
# at the target afterwards:
#   hidden  nothing. A target that is not there, perhaps already hidden, stays as it is
#   empty   a folder in memory that can be written; the source are the kernel's options
#   shown   what lies at the source, read-only
#   own     what lies at the source, which can be written
#   link    a symbolic link to the source
# A class of dataclasses or of typing would take longer to import than all of this takes to run.
Mount = tuple[str, str, str]


def separate() -> None:
    """Put this process's mounts, and the process ids of its children, into namespaces.

    Without the right to do so a user namespace gives that right. There the user keeps his number:
    root's would have tar give files to owners who are not there.
    """
    try:
        _unshare(CLONE_NEWNS | CLONE_NEWPID)
    except PermissionError:
        user, group = os.geteuid(), os.getegid()
        _unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID)
        _write("/proc/self/uid_map", f"{user} {user} 1")
        _write("/proc/self/setgroups", "deny")  # or the kernel takes no gid_map
        _write("/proc/self/gid_map", f"{group} {group} 1")


def arrange(mounts: Sequence[Mount]) -> None:
    """Carry out the mounts in their order; all that is not `own` or `empty` is then read-only."""
    _mount("", "/", "", MS_REC | MS_SLAVE)  # nothing of this reaches the machine's own mounts
    sources = [_open(mount) for mount in mounts]  # before anything is hidden
    tree = _Tree()
    for mount, source in zip(mounts, sources, strict=True):
        tree.add(mount, source)
        if source >= 0:
            os.close(source)
    _set_attributes("/", AT_RECURSIVE, set_=MOUNT_ATTR_RDONLY)
    for kind, _, target in mounts:
        if kind in ("own", "empty"):
            _set_attributes(target, 0, clear=MOUNT_ATTR_RDONLY)


def show_own_processes() -> None:
    """Mount the /proc of the process namespace that this process, its first one, is in."""
    _mount("proc", "/proc", "proc", MS_NOSUID_NODEV)
    _mount("/proc/sys", "/proc/sys", "", MS_BIND | MS_REC)
    _set_attributes("/proc/sys", AT_RECURSIVE, set_=MOUNT_ATTR_RDONLY)


def limit_root() -> None:
    """Leave to what this process will execute, as root, no right to undo a mount.

    Who is not root loses all capabilities by executing anything.
    """
    _libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    for capability in range(64):
        if capability not in _LEFT_TO_ROOT and _libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0):
            break  # there are no more, or nobody here has any


class _Tree:
    """The mounts made so far, to know where a folder can be made without making it for all."""

    def __init__(self) -> None:
        self._mounted: dict[str, bool] = {"/": False}  # target: does it hide the machine's files?

    def add(self, mount: Mount, descriptor: int) -> None:
        """Carry out one mount; `descriptor` is its open source, -1 if it needs none."""
        kind, source, target = mount
        if kind == "hidden":
            if os.path.isdir(target):  # noqa: PTH112 (pathlib takes long to import)
                self._mount_memory(target, "mode=755")
        elif kind == "link":
            self._make_parents(target)
            with contextlib.suppress(FileExistsError):
                os.symlink(source, target)  # noqa: PTH211
        elif kind == "empty":
            self._make(target, folder=True)
            self._mount_memory(target, source)
        else:
            self._make(target, folder=_is_folder(descriptor))
            _mount(_path_of(descriptor), target, "", MS_BIND | MS_REC)
            self._mounted[target] = kind == "own"

    def _mount_memory(self, target: str, options: str) -> None:
        _mount("tmpfs", target, "tmpfs", MS_NOSUID_NODEV, options)
        self._mounted[target] = True

    def _make(self, path: str, *, folder: bool) -> None:
        """Have something lie at the path to mount onto."""
        if os.path.lexists(path):
            return
        self._make_parents(path)
        if folder:
            os.mkdir(path, 0o755)  # noqa: PTH102
        else:
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o644))

    def _make_parents(self, path: str) -> None:
        parent = os.path.dirname(path)  # noqa: PTH120
        if not os.path.lexists(parent):
            self._make(parent, folder=True)
        elif not self._is_ours(parent):
            self._copy(parent)

    def _is_ours(self, path: str) -> bool:
        """Tell whether what is made in the folder is made in the container only."""
        while path not in self._mounted:
            path = os.path.dirname(path)  # noqa: PTH120
        return self._mounted[path]

    def _copy(self, folder: str) -> None:
        """Mount a folder in memory over this one, with all that is in it: more can be added."""
        original = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        entries = list(_entries(folder))
        self._mount_memory(folder, "mode=755")
        for name, link in entries:
            target = f"{folder}/{name}"
            if link:
                os.symlink(link, target)  # noqa: PTH211
                continue
            source = os.open(name, os.O_PATH | os.O_CLOEXEC, dir_fd=original)
            self.add(("shown", "", target), source)
            os.close(source)
        os.close(original)


def _entries(folder: str) -> Iterator[tuple[str, str]]:
    """Yield the names in the folder, each with what it links to, "" for one that is no link."""
    with os.scandir(folder) as found:
        for entry in found:
            yield entry.name, os.readlink(entry.path) if entry.is_symlink() else ""  # noqa: PTH115


def _open(mount: Mount) -> int:
    kind, source, _ = mount
    if kind not in ("shown", "own"):
        return -1
    return os.open(source, os.O_PATH | os.O_CLOEXEC)


def _path_of(descriptor: int) -> str:
    return f"/proc/self/fd/{descriptor}"


def _is_folder(descriptor: int) -> bool:
    return os.path.isdir(_path_of(descriptor))  # noqa: PTH112


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:  # noqa: PTH123
        file.write(text)


def _unshare(flags: int) -> None:
    _check(_libc.unshare(flags), "unshare")


def _mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    code = _libc.mount(
        os.fsencode(source),
        os.fsencode(target),
        os.fsencode(kind),
        ctypes.c_ulong(flags),
        os.fsencode(options),
    )
    _check(code, target)


def _set_attributes(target: str, flags: int, *, set_: int = 0, clear: int = 0) -> None:
    """https://man7.org/linux/man-pages/man2/mount_setattr.2.html"""
    attributes = (ctypes.c_uint64 * 4)(set_, clear, 0, 0)
    path, size = os.fsencode(target), ctypes.c_size_t(ctypes.sizeof(attributes))
    code = _libc.syscall(SYS_MOUNT_SETATTR, AT_FDCWD, path, flags, ctypes.byref(attributes), size)
    _check(code, target)


def _check(code: int, what: str) -> None:
    if code != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)
