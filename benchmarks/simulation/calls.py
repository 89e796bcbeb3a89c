"""Which calls a Lambda makes of S3 each time: what the handlers do, held to them by a test.

A run has a data set of so many files, its own input with a fingerprint, and an approved champion.
"""

from benchmarks.simulation.prices import UnknownFigureError

# How S3 prices what is called here: https://aws.amazon.com/s3/pricing/
PUTS = {"PutObject", "CopyObject", "ListObjectVersions", "ListObjectsV2"}
GETS = {"GetObject", "HeadObject"}

ON_UPLOAD_INCOMPLETE = "on_upload, incomplete"
TURN = "take_turn, go"
_CALLS = {
    ON_UPLOAD_INCOMPLETE: {"ListObjectVersions": 1},
    # The ledger is looked at before the execution is started, and written after it.
    "on_upload": {"ListObjectVersions": 1, "HeadObject": 1, "PutObject": 1},
    # Who has the turn is looked at, and written by who takes it.
    "take_turn": {"ListObjectVersions": 1, "GetObject": 1},
    TURN: {"PutObject": 1},
    # run.json is looked for, and is nobody's. champion.json, run.json, and the ledger, where the
    # entry of on_upload is found and read; what is copied already is listed, and the champion's
    # model and each file of the data set are copied, the large ones in parts, which do not count
    # here. No earlier run has the result of Preprocess, and then not of Train: one entry is looked
    # at, two are read and written. The code bundle is two files, read and held to their digest.
    "prepare_run": {
        "ListObjectVersions": 1,
        "ListObjectsV2": 1,
        "HeadObject": 1,
        "CopyObject": 1,
        "PutObject": 5,
        "GetObject": 7,
    },
    # evaluation.json, run.json, report.html; decision.json and the report.
    "check_metrics": {"GetObject": 3, "PutObject": 2},
    # It writes the decision again only where the champion has changed.
    "approve_model": {},
    "announce_approval": {"GetObject": 1},
}
_CALLS_FOR_EACH_FILE = {"prepare_run": {"CopyObject": 1}}


def calls(what: str, files: int) -> dict[str, int]:
    """How often one invocation calls each operation of S3; the data set has ``files`` files.

    Raises UnknownFigureError for a Lambda that nobody has counted yet.
    """
    if what not in _CALLS:
        raise UnknownFigureError(
            f"nobody has counted what {what!r} calls: add it to benchmarks/simulation/calls.py"
        )
    found = dict(_CALLS[what])
    for operation, count in _CALLS_FOR_EACH_FILE.get(what, {}).items():
        found[operation] = found.get(operation, 0) + count * files
    return found


def requests(what: str, files: int) -> tuple[int, int]:
    """(PUT, COPY, POST and LIST; GET and HEAD) requests of one invocation."""
    counted = calls(what, files)
    puts = sum(count for operation, count in counted.items() if operation in PUTS)
    gets = sum(count for operation, count in counted.items() if operation in GETS)
    return puts, gets
