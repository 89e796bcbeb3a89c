"""A registered version trained again: the execution that does it, and whether the result matches.

What is compared, and with what result, the execution itself says: lambdas.reproduction.comparison.
"""

from typing import TYPE_CHECKING

from lambdas.reproduction.comparison import REPRODUCED
from operations.errors import InputError
from operations.executions import start as starting
from operations.executions.record import RunRecord
from operations.models import registry
from operations.models.version import Entry, read_entry

if TYPE_CHECKING:
    from operations.stage import Stage


def start(target: "Stage", group: str, asked: str, reason: str = "") -> starting.Answer:
    """Start an execution with the inputs of a version, as `registry.find` finds it.

    Raises InputError where no run of this stage registered the version, and what `registry.find`
    and `starting.start` raise.
    """
    sagemaker = target.client("sagemaker")
    entry = read_entry(sagemaker, registry.find(sagemaker, group, asked))
    execution_input = {
        "reproduce": run_of(entry, target.names.bucket),
        "reason": reason or f"to reproduce {entry.version}",
        "requested_by": registry.caller(target.client("sts").get_caller_identity()["Arn"]),
    }
    return starting.start(target.client("lambda", starting.ONCE), target.names, execution_input)


def run_of(entry: Entry, bucket: str) -> str:
    """The id of the run in the bucket that registered the version. Raises InputError."""
    runs = f"s3://{bucket}/runs/"
    if entry.run_uri is None or not entry.run_uri.startswith(runs):
        raise InputError(
            f"{entry.version} comes from {entry.run_uri or 'no run'}, expected one below {runs}",
            "`--stage` names the stage whose run registered it",
        )
    return entry.run_uri.removeprefix(runs)


def is_reproduced(run: RunRecord) -> bool:
    """Whether the execution ended well, and its result is the original's."""
    return run.failure is None and run.decision == REPRODUCED
