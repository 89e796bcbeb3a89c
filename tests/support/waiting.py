"""Waiting in tests: for a condition with a deadline, never for a time."""

import time
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


def eventually(check: Callable[[], Result], timeout: float = 120.0, every: float = 0.05) -> Result:
    """Call `check` until it returns something true and raises no AssertionError; return that.

    After `timeout` seconds the last AssertionError is raised, or a new one.
    """
    deadline = time.monotonic() + timeout
    while True:
        failure: AssertionError | None = None
        try:
            result = check()
            if result:
                return result
        except AssertionError as error:
            failure = error
        if time.monotonic() > deadline:
            raise failure or AssertionError(f"{check} did not come true in {timeout} s")
        time.sleep(every)
