"""Watch the processes below one process: when each ran, its peak memory, and all their CPU time."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

INTERVAL_SECONDS = 0.1


@dataclass
class Seen:
    """One process. Times in seconds since 1970, memory in bytes.

    `command` is what it ran last, since `started`: a shell may have become the script.
    """

    command: list[str]
    started: float
    last_seen: float
    peak_bytes: int = 0
    cpu_seconds: float = 0.0

    @property
    def seconds(self) -> float:
        """How long it ran, to the length of one interval."""
        return self.last_seen - self.started


@dataclass
class Watched:
    """What was seen: the processes by id, and the CPU use of all together over time."""

    processes: dict[int, Seen] = field(default_factory=dict)
    cpu: list[tuple[float, float]] = field(default_factory=list)  # time, cores in use

    def running(self, script: str) -> list[Seen]:
        """The processes that ran `python SCRIPT`, or `python -- SCRIPT`, as the toolkit does."""
        return [seen for seen in self.processes.values() if _script(seen.command) == script]


def _script(command: list[str]) -> str:
    words = [word for word in command[1:3] if not word.startswith("-")]
    return Path(words[0]).name if words else ""


@contextmanager
def watched(root: int) -> Iterator[Watched]:
    """Look at the process `root` and all below it, ten times a second, while the block runs."""
    found, ended = Watched(), threading.Event()
    thread = threading.Thread(target=_watch, args=(psutil.Process(root), found, ended))
    thread.start()
    try:
        yield found
    finally:
        ended.set()
        thread.join()


def _watch(root: psutil.Process, found: Watched, ended: threading.Event) -> None:
    before, cpu_before = 0.0, 0.0
    while not ended.wait(INTERVAL_SECONDS):
        try:
            tree = [root, *root.children(recursive=True)]
        except psutil.NoSuchProcess:
            return
        now = time.time()
        for process in tree:
            _look_at(process, found, now)
        cpu = sum(seen.cpu_seconds for seen in found.processes.values())
        if before:  # what `root` has used until now is no part of it
            found.cpu.append((now, max(0.0, cpu - cpu_before) / (now - before)))
        before, cpu_before = now, cpu


def _look_at(process: psutil.Process, found: Watched, now: float) -> None:
    if process.pid == os.getpid():
        return
    try:
        with process.oneshot():
            command, times = process.cmdline(), process.cpu_times()
            memory, started = process.memory_info().rss, process.create_time()
    except psutil.Error:  # it has just ended
        return
    seen = found.processes.setdefault(process.pid, Seen(command, started, now))
    if command and command != seen.command:
        seen.command, seen.started = command, now
    seen.last_seen = now
    seen.peak_bytes = max(seen.peak_bytes, memory)
    seen.cpu_seconds = times.user + times.system
