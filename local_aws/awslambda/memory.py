"""How much memory a function's processes hold."""

import re
import time
from contextlib import suppress
from pathlib import Path

import psutil

_SAMPLE_SECONDS = 0.5  # to find the processes takes milliseconds: the table of all is searched


class ProcessMemory:
    """The memory of a command under the leash, whose supervisor is `supervisor`.

    In a container, `contained`, a second supervisor lies between the two.
    """

    def __init__(self, supervisor: int, *, contained: bool = False) -> None:
        self._supervisor: int | None = None if contained else supervisor
        self._outer = supervisor
        self._command: psutil.Process | None = None
        self._peak = 0
        self._sampled = time.monotonic()

    def watch(self) -> int:
        """Return the peak in bytes that the command and its children have been seen to hold."""
        if time.monotonic() - self._sampled > _SAMPLE_SECONDS:
            self._sampled = time.monotonic()
            resident = 0
            for process in self._processes(recursive=True):
                with suppress(psutil.Error):
                    resident += process.memory_info().rss
            self._peak = max(self._peak, resident)
        return self._peak

    def measure(self) -> int:
        """Return the peak in bytes, with what the command itself held between two looks at it."""
        if self._command is None:
            self._command = next(iter(self._processes()), None)
        if self._command is not None:
            self._peak = max(self._peak, _own_peak(self._command))
        return self._peak

    def _processes(self, *, recursive: bool = False) -> list[psutil.Process]:
        """Return the command, if it has begun, and with `recursive` what it has started."""
        if self._supervisor is None:
            self._supervisor = next((each.pid for each in _children(self._outer)), None)
        return [] if self._supervisor is None else _children(self._supervisor, recursive=recursive)


def _children(pid: int, *, recursive: bool = False) -> list[psutil.Process]:
    with suppress(psutil.Error):
        return psutil.Process(pid).children(recursive=recursive)
    return []


def _own_peak(process: psutil.Process) -> int:
    """Return the most that the process ever held; where only Linux tells, what it holds now."""
    with suppress(OSError):
        status = Path(f"/proc/{process.pid}/status").read_text()
        if found := re.search(r"VmHWM:\s+(\d+) kB", status):
            return int(found[1]) * 1024
    with suppress(psutil.Error):
        return int(process.memory_info().rss)
    return 0
