"""The first program of a container: makes the container, then runs one command in it on a leash.

    python launcher.py <folder> <n> <n times: kind source target> <fd> <command> [argument ...]

`folder` is the command's working directory; the mounts are those of `namespaces.py`, and `fd` is
the leash that `leash.py` describes. Two processes run this: a supervisor outside of the process
namespace, and in it process 1, which holds the leash. With process 1 ends all that the command
started, and the kernel ends process 1 with the supervisor. The exit status is the command's own;
125, as with Docker, is that of a container that cannot be made.

Standard library only and run with `python -I -S`.
"""

import os
import select
import signal
import sys

sys.path.append(os.path.abspath(f"{__file__}/../../.."))  # noqa: PTH100 (pathlib is slow to import)

from local_aws.containers import namespaces
from local_aws.processes import leash

NO_CONTAINER = 125
_PARTS = 3


def main(folder: str, count: int, rest: list[str]) -> int:
    """Make the container and run the command in it; return the command's wait status."""
    parts, (descriptor, *command) = rest[: count * _PARTS], rest[count * _PARTS :]
    mounts = list(zip(parts[::_PARTS], parts[1::_PARTS], parts[2::_PARTS], strict=True))
    for number in leash.FOR_THE_COMMAND:
        signal.signal(number, signal.SIG_IGN)
    namespaces.separate()
    namespaces.arrange(mounts)
    reader, writer = os.pipe()
    first = os.fork()
    if first:
        os.close(writer)
        os.close(int(descriptor))
        return _wait(first, reader)
    os.close(reader)
    _fall_with_supervisor(writer)
    return _run(folder, int(descriptor), command, writer)


def _wait(first: int, reader: int) -> int:
    """Return the status of the command, or of process 1 if that was killed from outside."""
    said = os.read(reader, 16)
    _, status = os.waitpid(first, 0)
    return int(said) if said else status


def _fall_with_supervisor(writer: int) -> None:
    """Be killed when the supervisor dies, or end now if it has died."""
    leash.die_with_parent()
    watched = select.poll()
    watched.register(writer, 0)
    if watched.poll(0):  # nobody is left to read
        os._exit(NO_CONTAINER)


def _run(folder: str, descriptor: int, command: list[str], writer: int) -> int:
    """As process 1: run the command, tell how it ended, and end with all that it started.

    A process 1 cannot die by a signal of its own, so the supervisor is told the status.
    """
    try:
        namespaces.show_own_processes()
        os.chdir(folder)
        namespaces.limit_root()
        status = leash.main(descriptor, command)
        os.write(writer, str(status).encode())
    except OSError as error:
        _refuse(error)
    os._exit(0)


def _refuse(error: OSError) -> None:
    sys.stderr.write(f"the container cannot be made: {error}\n")
    sys.stderr.flush()
    os._exit(NO_CONTAINER)


if __name__ == "__main__":
    try:
        leash.end_like(main(sys.argv[1], int(sys.argv[2]), sys.argv[3:]))
    except OSError as error:
        _refuse(error)
