"""Fixtures that tests of every kind share."""

from collections.abc import Iterator

import pytest

from local_aws.client import EmbeddedAws


@pytest.fixture(scope="session")
def embedded_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    """One embedded AWS for the whole session: give buckets, functions and jobs unique names.

    Failed asynchronous Lambda invocations are retried after 0.2 and 0.4 seconds.
    """
    folder = tmp_path_factory.mktemp("embedded-aws")
    with EmbeddedAws(folder, arguments=("--lambda-retry-delays", "0.2,0.4")) as aws:
        yield aws
