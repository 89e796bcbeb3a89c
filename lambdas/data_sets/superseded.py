"""Is a data set still the one that an execution was started for?

TakeTurn asks before and after every wait, PrepareRun when it takes the data: files may be
overwritten at any time in between.
"""

from typing import Any

from lambdas.data_sets.data_sets import DataSet
from lambdas.errors import IncompleteDataSetError


def superseded(dataset: DataSet, fingerprint: str) -> dict[str, Any] | None:
    """Return the outcome ``superseded``, None where the data set still has that fingerprint.

    Raises IncompleteDataSetError where none of its files is left: then nothing supersedes it.
    """
    if dataset.fingerprint == fingerprint:
        return None
    if not dataset.objects:
        raise IncompleteDataSetError(
            f"data set {dataset.name!r} is gone: found no file of it at {dataset.s3_uri!r}, "
            f"expected those with fingerprint {fingerprint}; upload it again, which starts an "
            "execution of its own"
        )
    state = f"is incomplete now ({dataset.incomplete})" if dataset.incomplete else "was replaced"
    return {
        "outcome": "superseded",
        "message": f"data set {dataset.name!r} {state}: found fingerprint "
        f"{dataset.fingerprint}, this execution was started for {fingerprint}; "
        "the newer files start an execution of their own",
        "superseded_by": dataset.fingerprint,
    }
