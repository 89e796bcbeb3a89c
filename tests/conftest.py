"""Fixtures that tests of every kind share."""

import gc
from collections.abc import Iterator
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

from local_aws.client import EmbeddedAws
from tests.support.roles import ensure_role

SLOW_SECONDS = 900
# Files of the fault suite that have fixtures in common.
TOGETHER = {
    "faults, the CNN": (
        "faults/test_full_disk.py",
        "faults/test_killed_jobs.py",
        "faults/test_lost_replies.py",
    ),
    "faults, the light pipeline": (
        "faults/test_data.py",
        "faults/test_events.py",
        "faults/test_gate.py",
        "faults/test_limits.py",
    ),
}


@pytest.fixture(scope="session")
def embedded_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    """One embedded AWS for the whole session: give buckets, functions and jobs unique names.

    Failed asynchronous Lambda invocations are retried after 0.2 and 0.4 seconds; a job that is
    stopped has 3 seconds between SIGTERM and SIGKILL.
    """
    folder = tmp_path_factory.mktemp("embedded-aws")
    arguments = ("--lambda-retry-delays", "0.2,0.4", "--stop-grace-seconds", "3")
    with EmbeddedAws(folder, arguments=arguments) as aws:
        ensure_role(aws)
        yield aws


class ByFixture(LoadFileScheduling):
    """What shares a deployment and its runs goes to one worker: a file's tests, or a suite's."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return next((name for name, files in TOGETHER.items() if file.endswith(files)), file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFixture:
    """Distribute the tests so, whatever --dist says.

    In the order of `testpaths`, the long ones first: one of them begun last would be waited for.
    """
    config.option.loadscopereorder = False
    return ByFixture(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give what trains several times the time for it, whatever else the machine does meanwhile."""
    for item in items:
        if item.get_closest_marker("slow") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(SLOW_SECONDS))


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over all that has been imported: it is a gigabyte, and stays.

    https://docs.python.org/3/library/gc.html#gc.freeze
    """
    gc.collect()
    gc.freeze()
