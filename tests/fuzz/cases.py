"""How many cases each fuzz test sees, and that none of them writes outside of its job's folder.

`make test` runs a few, the same every time; `make fuzz` many, others every time.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings

from tests.support.paths import ML_SCRIPTS

if str(ML_SCRIPTS) not in sys.path:  # the scripts import each other by plain name
    sys.path.insert(0, str(ML_SCRIPTS))

FEW = 100
MANY = int(os.environ.get("FUZZ_CASES") or 0)
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# What else makes or removes something, by the number of paths that it takes.
CHANGING = {
    "os.link": 2,
    "os.mkdir": 1,
    "os.remove": 1,
    "os.rename": 2,
    "os.rmdir": 1,
    "os.symlink": 2,
    "os.truncate": 1,
    "shutil.copyfile": 2,
}

fuzzed: Any = settings(
    max_examples=MANY or FEW,
    derandomize=not MANY,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
# Of what takes longer, a page that is drawn for example.
fuzzed_less: Callable[[Any], Any] = settings(fuzzed, max_examples=MANY // 5 or FEW // 5)

_seen: list[str] | None = None


@contextmanager
def writing_only_to(folder: Path) -> Iterator[None]:
    """Fail where this process makes, changes or removes anything outside of the folder meanwhile.

    Python tells its audit hooks of every such call, before it is made.
    """
    global _seen  # noqa: PLW0603 - an audit hook cannot be taken out again
    _seen = []
    try:
        yield
    finally:
        seen, _seen = _seen, None
    root = str(folder.resolve())
    outside = [path for path in seen if not f"{os.path.realpath(path)}/".startswith(f"{root}/")]
    assert not outside, f"written outside of {root}: {outside}"


def _listen(event: str, arguments: tuple[Any, ...]) -> None:
    if _seen is None:
        return
    if event == "open":
        path, _, flags = arguments
        if isinstance(flags, int) and flags & WRITING and not isinstance(path, int):
            _seen.append(os.fsdecode(path))
    elif event in CHANGING:
        _seen.extend(os.fsdecode(p) for p in arguments[: CHANGING[event]] if isinstance(p, str))


sys.addaudithook(_listen)
