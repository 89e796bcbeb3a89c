"""Fixtures that tests of every kind share."""

from collections.abc import Iterator

import pytest

from local_aws.client import EmbeddedAws


@pytest.fixture(scope="session")
def embedded_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    """One embedded AWS for the whole session: give buckets, functions and jobs unique names.

    Failed asynchronous Lambda invocations are retried after 0.2 and 0.4 seconds; a job that is
    stopped has 3 seconds between SIGTERM and SIGKILL.
    """
    folder = tmp_path_factory.mktemp("embedded-aws")
    arguments = ("--lambda-retry-delays", "0.2,0.4", "--stop-grace-seconds", "3")
    with EmbeddedAws(folder, arguments=arguments) as aws:
        yield aws
