"""How long the state of each job may take: its job's own time, and what moving its data takes.

A state that times out is not documented to stop its job, which MaxRuntimeInSeconds ends. So the
state's timeout is there for a job of which nobody hears any more, and is generous: AWS names no
rate at which a job gets its data.
"""

from collections.abc import Mapping
from typing import Any

# Of the data as they were uploaded. They may be compressed, and the arrays several times as large.
BYTES_A_SECOND = 20_000_000
LONGEST_TRANSFER_SECONDS = 2 * 24 * 3600


def state_timeouts(seconds: Mapping[str, int], dataset: Mapping[str, Any]) -> dict[str, int]:
    """Return the seconds for each job's state: the deployed ones, and more for large data.

    ``dataset`` is that of the run's state. The state machine reads them by TimeoutSecondsPath:
    https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html
    """
    size = sum(version["size"] for version in dataset["objects"])
    transfer = min(size // BYTES_A_SECOND, LONGEST_TRANSFER_SECONDS)
    return {job: own + transfer for job, own in seconds.items()}
