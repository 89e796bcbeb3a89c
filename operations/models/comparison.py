"""Two model versions side by side: how far their metrics differ, and what they were made of.

A difference is the second version's value less the first's. Where both were scored on the same test
images its interval is the paired one of ml_scripts/scoring/comparison.py, computed by that very
script; where not, one from the standard deviations of both, which is wider and less telling.
"""

import math
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError

from lambdas.boundary.s3_objects import error_code, split_uri
from lambdas.boundary.strict_json import parse
from lambdas.gate.metrics import less_is_better
from operations.errors import ComparisonError
from operations.models.version import ModelVersion
from operations.run_files.evaluation import Evaluation, Footprint
from state_machine import processes
from state_machine.processes import ProcessFailedError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LARGEST_PREDICTIONS = 1024**3  # bytes, as they are packed
UNPAIRED = "unpaired normal interval from the standard deviations of both"
Verdict = Literal["better", "worse", "not told apart", "unknown"]


@dataclass(frozen=True)
class Difference:
    """A metric of both versions. Without an interval the verdict is unknown."""

    metric: str
    first: float | None
    second: float | None
    difference: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def verdict(self) -> Verdict:
        """Whether the second version is better, as far as the interval shows it."""
        if self.low is None or self.high is None:
            return "unknown"
        if self.low <= 0 <= self.high:
            return "not told apart"
        return "worse" if (self.low > 0) == less_is_better(self.metric) else "better"


@dataclass(frozen=True)
class Pair:
    """A setting or a fact of both versions; None where it is not known."""

    name: str
    first: Any
    second: Any

    @property
    def same(self) -> bool:
        """Whether both are known and equal."""
        return self.first is not None and self.first == self.second


@dataclass(frozen=True)
class Comparison:
    """`method` says how the intervals were made; `paired` whether on the same images."""

    paired: bool
    method: str
    level: float
    metrics: tuple[Difference, ...]
    mcnemar: dict[str, float] | None = None
    model: tuple[Pair, ...] = ()
    hyperparameters: tuple[Pair, ...] = ()
    data: tuple[Pair, ...] = ()
    code: tuple[Pair, ...] = field(default=())

    def as_json(self) -> dict[str, Any]:
        """One object for machines."""
        return {
            **asdict(self),
            "metrics": [{**asdict(m), "verdict": m.verdict} for m in self.metrics],
            **{
                part: [{**asdict(pair), "same": pair.same} for pair in getattr(self, part)]
                for part in ("model", "hyperparameters", "data", "code")
            },
        }


def compare(
    first: ModelVersion, second: ModelVersion, level: float, s3: "S3Client", scripts: Path
) -> Comparison:
    """Set two versions side by side.

    `level` is that of the intervals, within 0 and 1; `scripts` the folder of ml_scripts.
    """
    unlike = _unlike_tests(first.evaluation, second.evaluation)
    with tempfile.TemporaryDirectory() as scratch:
        fetched = None if unlike else _fetch(s3, (first, second), Path(scratch))
        if fetched is None:
            reason = unlike or "predictions.npz of one of them is gone"
            found = _unpaired(first.evaluation, second.evaluation, level, reason)
        else:
            found = _paired(*fetched, level, scripts)
    return Comparison(
        paired=fetched is not None,
        method=found["method"],
        level=level,
        metrics=tuple(_differences(first.metrics, second.metrics, found["metrics"])),
        mcnemar=found.get("mcnemar"),
        model=_pairs(_footprint(first), _footprint(second)),
        hyperparameters=_pairs(first.hyperparameters, second.hyperparameters),
        data=_pairs(_data(first), _data(second)),
        code=_pairs(first.code, second.code),
    )


def _unlike_tests(first: Evaluation | None, second: Evaluation | None) -> str:
    """Why the evaluations cannot be paired, so far as they tell themselves; empty if they can."""
    if first is None or second is None:
        return "evaluation.json of one of them is gone"
    if first.labels_sha256 is None or first.labels_sha256 != second.labels_sha256:
        return "they were scored on different test images"
    if first.classes != second.classes:
        return "they know different classes"
    return ""


def _fetch(
    s3: "S3Client", versions: tuple[ModelVersion, ModelVersion], folder: Path
) -> tuple[Path, Path] | None:
    """Download the predictions of both; None where one has none."""
    paths = (folder / "first.npz", folder / "second.npz")
    for version, path in zip(versions, paths, strict=True):
        bucket, key = split_uri(f"{version.entry.run_uri}/evaluation/predictions.npz")
        try:
            found = s3.get_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if error_code(error) != "NoSuchKey":
                raise
            return None
        if found["ContentLength"] > LARGEST_PREDICTIONS:
            raise ComparisonError(
                f"s3://{bucket}/{key} has {found['ContentLength']:,} bytes, "
                f"expected at most {LARGEST_PREDICTIONS:,}"
            )
        with path.open("wb") as file:
            shutil.copyfileobj(found["Body"], file)
    return paths


def _paired(first: Path, second: Path, level: float, scripts: Path) -> dict[str, Any]:
    """Run the script of the evaluation: what it calls the challenger is our second version."""
    command = [sys.executable, "-m", "scoring.comparison", str(second), str(first)]
    try:
        printed = processes.run(
            [*command, "--confidence-level", str(level)],
            "the script",
            cwd=scripts,
            env={**os.environ, "SAGEMAKER_BASE_DIR": str(first.parent)},
        )
        found = parse(printed)
    except ProcessFailedError as error:
        reason = error.lines[-1] if error.lines else str(error)
        raise ComparisonError(f"The predictions cannot be compared: {reason}") from error
    except ValueError as error:
        # Predictions that are no numbers give differences that are none.
        raise ComparisonError(f"The predictions cannot be compared: {error}") from error
    assert isinstance(found, dict)
    return found


def _unpaired(
    first: Evaluation | None, second: Evaluation | None, level: float, reason: str
) -> dict[str, Any]:
    """Intervals of the same form from what each evaluation tells of itself."""
    deviations = NormalDist().inv_cdf((1 + level) / 2)
    ours, theirs = (each.scores if each else {} for each in (first, second))
    found = {}
    for name in (name for name in ours if name in theirs):
        difference = theirs[name].value - ours[name].value
        margin = deviations * math.hypot(
            ours[name].standard_deviation, theirs[name].standard_deviation
        )
        found[name] = {
            "difference": difference,
            "low": difference - margin,
            "high": difference + margin,
        }
    return {"method": f"{UNPAIRED}, because {reason}", "metrics": found}


def _differences(
    first: Mapping[str, float],
    second: Mapping[str, float],
    found: Mapping[str, Mapping[str, float]],
) -> list[Difference]:
    return [
        Difference(name, first.get(name), second.get(name), **found.get(name, {}))
        for name in dict.fromkeys([*first, *second])
    ]


def _pairs(first: Mapping[str, Any], second: Mapping[str, Any]) -> tuple[Pair, ...]:
    pairs = (
        Pair(name, first.get(name), second.get(name)) for name in dict.fromkeys([*first, *second])
    )
    return tuple(pair for pair in pairs if (pair.first, pair.second) != (None, None))


def _footprint(version: ModelVersion) -> dict[str, Any]:
    model = version.evaluation.model if version.evaluation else Footprint()
    return {
        "parameters": model.parameters,
        "size_bytes": model.size_bytes,
        "median latency_ms": model.latency_ms,
        "weights_sha256": model.weights_sha256,
    }


def _data(version: ModelVersion) -> dict[str, Any]:
    return {
        "name": version.dataset.name,
        "fingerprint": version.dataset.fingerprint,
        **{
            file.name: f"s3://{file.bucket}/{file.key} version {file.version_id} ETag {file.etag}"
            for file in version.files
        },
        **{f"preprocessing {name}": value for name, value in version.preprocessing.items()},
    }
