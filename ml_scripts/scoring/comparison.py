"""Two models on the same test images: how far they differ, and how far that may be chance.

    python -m scoring.comparison CHALLENGER CHAMPION --confidence-level 0.95

reads two predictions.npz and prints the comparison as JSON. A difference is the challenger's value
less the champion's; its interval is the percentile interval of the difference over the resamples
that both are scored on. McNemar's exact test asks the same of the accuracy alone:
https://doi.org/10.1007/BF02295996
"""

import json
import sys
from pathlib import Path

import numpy as np
from scipy.stats import binomtest

from job import container
from job.errors import DataError, ScriptError
from scoring import predictions
from scoring.bootstrap import RESAMPLES
from scoring.metrics import Scores, score
from scoring.predictions import Predictions

METHOD = f"paired bootstrap, percentile, {RESAMPLES} resamples of the test set"
DECIMALS = 12


def main() -> None:
    """Compare two files of predictions."""
    parser = container.ArgumentParser("Compare two models by their predictions.npz.")
    parser.add_argument("challenger", type=Path)
    parser.add_argument("champion", type=Path)
    parser.add_argument("--confidence-level", type=container.fraction, required=True)
    arguments = parser.parse_args(sys.argv[1:])
    challenger, champion = (predictions.load(p) for p in (arguments.challenger, arguments.champion))
    if challenger.labels_sha256 != champion.labels_sha256:
        raise DataError(arguments.champion, "other test labels", f"those of {arguments.challenger}")
    if challenger.classes != champion.classes:
        found = f"{champion.classes} classes"
        raise DataError(arguments.champion, found, f"{challenger.classes}, as the challenger has")
    result = compare(score(challenger), score(champion), arguments.confidence_level)
    print(json.dumps(result, indent=2, allow_nan=False))


def compare(challenger: Scores, champion: Scores, level: float) -> dict:
    """Return the `comparison` of evaluation.json.

    Args:
        challenger: scored on the same images as the champion, of the same classes.
        champion: the model it is held against.
        level: of the intervals, within 0 and 1.
    """
    return {
        "method": METHOD,
        "level": level,
        "metrics": {
            name: _difference(name, challenger, champion, level) for name in challenger.scalars
        },
        "mcnemar": _mcnemar(challenger.predictions, champion.predictions),
    }


def _difference(name: str, challenger: Scores, champion: Scores, level: float) -> dict[str, float]:
    differences = challenger.resampled[name] - champion.resampled[name]
    low, high = np.quantile(differences, [(1 - level) / 2, (1 + level) / 2])
    difference = challenger.values[name] - champion.values[name]
    # Resamples of a calibration error, or of a class of few images, have a bias: it may carry the
    # whole interval past the difference.
    found = {
        "difference": difference,
        "low": min(low, difference),
        "high": max(high, difference),
    }
    # 0.57 less 0.56 is to be 0.01: the noise of binary fractions must not decide at a bound.
    return {key: round(float(value), DECIMALS) for key, value in found.items()}


def _mcnemar(challenger: Predictions, champion: Predictions) -> dict[str, float]:
    """Count the images by which of the two is right, and test whether either is so more often."""
    mine, theirs = challenger.correct, champion.correct
    only_challenger, only_champion = int(np.sum(mine & ~theirs)), int(np.sum(theirs & ~mine))
    apart = only_challenger + only_champion
    return {
        "only_challenger": only_challenger,
        "only_champion": only_champion,
        "both": int(np.sum(mine & theirs)),
        "neither": int(np.sum(~mine & ~theirs)),
        "p_value": float(binomtest(only_challenger, apart).pvalue) if apart else 1.0,
    }


if __name__ == "__main__":
    try:
        main()
    except ScriptError as error:  # no job: nobody reads a file of its failure
        sys.exit(f"error: {error}")
