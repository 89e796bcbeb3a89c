"""Score the new model and the champion on the same test set: the Evaluate step.

    python evaluation.py --confidence-level 0.95

Reads processing/{model,champion,test} and writes evaluation.json, predictions.npz, report.html and
its charts to processing/evaluation, all below /opt/ml; docs/evaluation.md says what is in them. No
model is opened that is another than its training recorded: the new one's digest is in the
output.tar.gz beside it, the champion's is an argument. A champion that cannot be scored is reported
as such and fails nothing; a new model that cannot be scored fails the job. Fashion-MNIST takes 8 s
of an x86-64 core, with a champion 10 s, and 0.82 GB.
"""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from data.arrays import load_features, load_split
from data.stored import Examples
from job import container, model_digest
from job.errors import DataError, ModelError
from job.tracking import tracked
from scoring import predictions

if TYPE_CHECKING:
    from scoring.scoring import Scored

MODEL_ARCHIVE, OUTPUT_ARCHIVE = "model.tar.gz", "output.tar.gz"
NO_DIGEST = "none"
CONFIDENCE_LEVEL = 0.95


def main() -> None:
    """Run the job on the container's folders."""
    arguments = parse_arguments(sys.argv[1:])
    processing = container.base_directory() / "processing"
    with tracked(os.environ, ends_run=True) as tracking:
        summary = evaluate(
            processing / "model",
            processing / "champion",
            processing / "test",
            processing / "evaluation",
            arguments.confidence_level,
            champion_sha256=arguments.champion_sha256,
        )
        print(summary, flush=True)
        tracking.evaluation(processing / "evaluation")


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    """Read the step's parameters."""
    parser = container.ArgumentParser("Score the new model and the champion.")
    parser.add_argument(
        "--confidence-level",
        type=container.fraction,
        default=CONFIDENCE_LEVEL,
        help="of the intervals of the differences between the two",
    )
    parser.add_argument(
        "--champion-sha256",
        type=_digest,
        default=NO_DIGEST,
        help=f"the digest that the registry has of the champion's model, or {NO_DIGEST!r}",
    )
    return parser.parse_args(arguments)


def evaluate(
    model: Path,
    champion: Path,
    test: Path,
    output: Path,
    level: float = CONFIDENCE_LEVEL,
    *,
    champion_sha256: str = NO_DIGEST,
) -> str:
    """Score both models, write the results and the report; return one line of summary.

    Args:
        model: folder with the new model's model.tar.gz and the output.tar.gz of its training.
        champion: folder with champion.json and, if there is a champion, its model.tar.gz.
        test: folder of the test split.
        output: folder for the results.
        level: of the confidence intervals, within 0 and 1.
        champion_sha256: the digest of the champion's model, or NO_DIGEST: then it is not opened.

    Raises:
        ModelError: the new model cannot be scored, or is not what its training recorded.
        DataError: the test set or champion.json cannot be read.
    """
    images, labels = load_split(test, "test")
    features = load_features(test, images.shape[-1])
    champion_arn = read_champion_arn(champion / "champion.json")
    recorded = model_digest.recorded(model / OUTPUT_ARCHIVE)

    # TensorFlow, scikit-learn and matplotlib take seconds: complain of the inputs first.
    from scoring import report, scoring  # noqa: PLC0415

    challenger = scoring.score(model / MODEL_ARCHIVE, images, labels, sha256=recorded)
    said = challenger.scores.predictions
    evaluation = {
        **challenger.as_json(),
        "dataset": {"test_samples": len(labels), "labels_sha256": said.labels_sha256},
        "champion": None,
    }
    if champion_arn is not None:
        archive = champion / MODEL_ARCHIVE
        found = _score_champion(archive, champion_sha256, images, challenger, level)
        evaluation["champion"] = {"model_package_arn": champion_arn, **found}
    output.mkdir(parents=True, exist_ok=True)
    text = json.dumps(evaluation, indent=2, allow_nan=False)
    (output / "evaluation.json").write_text(text + "\n")
    predictions.save(said, output)
    report.write(
        output,
        evaluation,
        challenger.scores,
        challenger.history,
        images=images,
        features=features,
        level=level,
    )
    return _summary(challenger.scores.values, evaluation["champion"])


def _digest(text: str) -> str:
    if text != NO_DIGEST and not model_digest.DIGEST.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not 64 hex digits or {NO_DIGEST!r}")
    return text


def read_champion_arn(path: Path) -> str | None:
    """Return the ARN of the champion's model package, None if champion.json says there is none."""
    expected = '{"model_package_arn": <an ARN or null>}'
    try:
        arn = json.loads(path.read_text())["model_package_arn"]
    except FileNotFoundError:
        raise DataError(path, "no such file", expected) from None
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(path.name, repr(error), expected) from None
    if arn is not None and not isinstance(arn, str):
        raise DataError(path.name, repr(arn), expected)
    return arn


def _score_champion(
    archive: Path, sha256: str, images: Examples, challenger: "Scored", level: float
) -> dict:
    """Return what the champion scores and how the challenger compares, or why it has no score."""
    from scoring import comparison, scoring  # noqa: PLC0415

    labels, classes = challenger.scores.predictions.labels, challenger.scores.predictions.classes
    try:
        if sha256 == NO_DIGEST:
            raise ModelError("the registry has no model_sha256 of it, so its model was not opened")
        champion = scoring.score(archive, images, labels, classes, sha256=sha256)
    except Exception as error:  # whatever an old model does, the new one still gets its score
        problem = container.one_line(str(error))
        print(f"the champion could not be scored: {problem}", flush=True)
        return {"error": problem}
    compared = comparison.compare(challenger.scores, champion.scores, level)
    return {**champion.as_json(), "comparison": compared}


def _summary(values: dict[str, float | np.ndarray], champion: dict | None) -> str:
    line = f"accuracy={values['accuracy']:.6f}; loss={values['loss']:.6f};"
    if champion is not None and "comparison" in champion:
        found = champion["comparison"]["metrics"]["accuracy"]
        interval = f"[{found['low']:+.6f}, {found['high']:+.6f}]"
        line += f" accuracy_difference={found['difference']:+.6f} {interval};"
    return line


if __name__ == "__main__":
    sys.exit(container.run(main, "message"))
