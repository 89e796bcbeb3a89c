"""Run one command, and let nothing of it outlive the process that asked for it.

    python leash.py <fd> <command> [argument ...]

`fd` is the read end of a pipe whose only write end the starter holds. A byte read from it is a
signal number for the command's process group. End of file, which the kernel delivers however the
starter dies, kills everything that the command started. The exit status is the command's own: its
exit code, or death by the same signal.

Standard library only and run with `python -I -S`: it starts in about 15 ms.
"""

import contextlib
import os
import resource
import select
import signal
import sys

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
COMMAND_NOT_FOUND = 127

FOR_THE_COMMAND = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # ignored by its supervisors


def main(leash: int, command: list[str]) -> int:
    """Run `command` until it ends or the pipe `leash` closes; return its wait status."""
    os.set_inheritable(leash, False)
    for number in FOR_THE_COMMAND:
        signal.signal(number, signal.SIG_IGN)
    # Orphaned grandchildren become children of this process, so that it can find and kill them
    # even when they left the command's process group.
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    wakeups = _wake_on_child_exit()
    child = _start(command)
    status = _watch(child, leash, wakeups)
    _kill_what_is_left(child)
    return status


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent ends."""
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _start(command: list[str]) -> int:
    supervisor = os.getpid()
    # What comes before the child no longer ignores it waits until then, instead of being lost.
    signal.pthread_sigmask(signal.SIG_BLOCK, FOR_THE_COMMAND)
    child = os.fork()
    if child:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, FOR_THE_COMMAND)
        with contextlib.suppress(OSError):  # both sides: a signal may be asked for at once
            os.setpgid(child, child)
        return child
    try:
        os.setpgid(0, 0)
        die_with_parent()
        if os.getppid() != supervisor:
            os._exit(1)
        for number in (*FOR_THE_COMMAND, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, FOR_THE_COMMAND)
        os.execvp(command[0], command)  # noqa: S606 (no shell is what is wanted)
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        sys.stderr.flush()
    os._exit(COMMAND_NOT_FOUND)


def _watch(child: int, leash: int, wakeups: int) -> int:
    """Pass signals on until the child has ended; return its wait status."""
    watched = select.poll()  # select() takes no descriptor from 1,024 on
    for descriptor in (leash, wakeups):
        watched.register(descriptor, select.POLLIN)
    while True:
        readable = [descriptor for descriptor, _ in watched.poll()]
        if wakeups in readable:
            os.read(wakeups, 512)
            status = _reap(child)
            if status is not None:
                return status
        if leash in readable:
            numbers = os.read(leash, 512)
            for number in numbers or [signal.SIGKILL]:
                _signal_group(child, number)
            if not numbers:
                watched.unregister(leash)


def _reap(child: int) -> int | None:
    """Collect every child that has ended; return the status of `child` if it is among them."""
    found = None
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            if pid == child:
                found = status
    return found


def _kill_what_is_left(child: int) -> None:
    """A container ends with its first process: so do the processes that this one left behind."""
    _signal_group(child, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        while True:
            for orphan in _children():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(orphan, signal.SIGKILL)
            os.waitpid(-1, 0)


def _children() -> list[int]:
    """Return the processes whose parent this one is, where the system has /proc to tell."""
    found = []
    for entry in os.listdir("/proc") if os.path.isdir("/proc") else []:  # noqa: PTH112, PTH208
        with contextlib.suppress(OSError, ValueError):
            with open(f"/proc/{int(entry)}/stat") as stat:  # noqa: PTH123
                parent = stat.read().rpartition(")")[2].split()[1]
            if int(parent) == os.getpid():
                found.append(int(entry))
    return found


def _signal_group(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _wake_on_child_exit() -> int:
    """Return a descriptor that becomes readable at SIGCHLD."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return reader


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415

        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def end_like(status: int) -> None:
    """End with the exit code, or by the signal, that `status` tells of."""
    if os.WIFSIGNALED(status):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        number = os.WTERMSIG(status)
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    end_like(main(int(sys.argv[1]), sys.argv[2:]))
