"""Score the new model and the champion on the same test set: the Evaluate step.

    python evaluation.py

Reads processing/{model,champion,test} and writes evaluation.json, report.html and its charts to
processing/evaluation, all below /opt/ml. A champion that cannot be scored is reported as such and
fails nothing; a new model that cannot be scored fails the job. Fashion-MNIST takes 7 s, with a
champion 9 s, and 0.78 GB on a 2-core x86-64 machine: 5 s of it are imports.
"""

import json
import sys
from pathlib import Path

import numpy as np

import container
from arrays import load_split
from errors import DataError, ModelError
from history import Row

METRICS = "multiclass_classification_metrics"  # the key of SageMaker's model-quality format
MODEL_ARCHIVE = "model.tar.gz"


def main() -> None:
    """Run the job on the container's folders."""
    container.ArgumentParser("Score the new model and the champion.").parse_args(sys.argv[1:])
    processing = container.base_directory() / "processing"
    folders = (processing / name for name in ("model", "champion", "test", "evaluation"))
    print(evaluate(*folders), flush=True)


def evaluate(model: Path, champion: Path, test: Path, output: Path) -> str:
    """Score both models, write evaluation.json and the report; return one line of summary.

    Args:
        model: folder with the new model's model.tar.gz.
        champion: folder with champion.json and, if there is a champion, its model.tar.gz.
        test: folder of the test split.
        output: folder for the results.

    Raises:
        ModelError: the new model cannot be scored.
        DataError: the test set or champion.json cannot be read.
    """
    images, labels = load_split(test, "test")
    champion_arn = read_champion_arn(champion / "champion.json")

    import report  # noqa: PLC0415 - matplotlib takes a second: complain of the inputs first

    metrics, history = _score(model / MODEL_ARCHIVE, images, labels)
    evaluation = {METRICS: metrics, "dataset": {"test_samples": len(labels)}, "champion": None}
    if champion_arn is not None:
        classes = len(metrics["confusion_matrix"])
        scored = _score_champion(champion / MODEL_ARCHIVE, images, labels, classes)
        evaluation["champion"] = {"model_package_arn": champion_arn, **scored}
    output.mkdir(parents=True, exist_ok=True)
    text = json.dumps(evaluation, indent=2, allow_nan=False)
    (output / "evaluation.json").write_text(text + "\n")
    report.write(output, evaluation, history)
    return _summary(evaluation)


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


def _score(
    archive: Path, images: np.ndarray, labels: np.ndarray, classes: int | None = None
) -> tuple[dict, list[Row]]:
    """Return the metrics of the archive's model on the test set, and its training's history.

    With `classes` given, the model must know exactly that many.
    """
    import scoring  # noqa: PLC0415 - TensorFlow and scikit-learn take seconds
    from metrics import classification_metrics  # noqa: PLC0415

    model, history = scoring.load(archive)
    probabilities = scoring.predict(model, images)
    found = probabilities.shape[1]
    if classes is not None and found != classes:
        raise ModelError(f"the model knows {found} classes, expected {classes}")
    if not 0 <= labels.min() <= labels.max() < found:
        span = f"{labels.min()} to {labels.max()}"
        raise ModelError(f"the model knows {found} classes, the test labels are {span}")
    return classification_metrics(labels, probabilities), history


def _score_champion(archive: Path, images: np.ndarray, labels: np.ndarray, classes: int) -> dict:
    """Return the champion's metrics, or why it could not be scored."""
    try:
        metrics, _ = _score(archive, images, labels, classes)
    except Exception as error:  # whatever an old model does, the new one still gets its score
        print(f"the champion could not be scored: {error}", flush=True)
        return {"error": str(error)}
    return {METRICS: metrics}


def _summary(evaluation: dict) -> str:
    metrics = evaluation[METRICS]
    line = f"accuracy={metrics['accuracy']['value']:.6f}; loss={metrics['loss']['value']:.6f};"
    if METRICS in (evaluation["champion"] or {}):
        accuracy = evaluation["champion"][METRICS]["accuracy"]["value"]
        line += f" champion_accuracy={accuracy:.6f};"
    return line


if __name__ == "__main__":
    sys.exit(container.run(main, "message"))
