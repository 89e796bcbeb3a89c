"""What the pipeline replaces: data, training and evaluation as one script in one process.

    python -m benchmarks.monolith --data FOLDER --output FOLDER

A re-creation of the workshop's script, with local files in the place of its S3 calls, which only
flatters it: Keras's own `fit` on float32 arrays, scikit-learn's split, a checkpoint every second
epoch and the best one, metrics as JSON. Written the plain way on purpose; it shares nothing with
the pipeline that it is compared with.

Fashion-MNIST on 2-core x86-64 machines: 88 to 131 s on one with AMX, about 200 s on another;
1.5 GB, test accuracy 0.900 to 0.909.
"""

import argparse
import gzip
import json
from pathlib import Path

import numpy as np
from sklearn.metrics import classification_report, confusion_matrix
from sklearn.model_selection import train_test_split
from tensorflow import keras

IMAGES_HEADER, LABELS_HEADER = 16, 8  # bytes


def main() -> None:
    """Train and evaluate; write evaluation_metrics.json, history.json and the checkpoints."""
    arguments = parse_arguments()
    arguments.output.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(arguments.seed)

    images, labels = load(arguments.data, "train")
    X_train, X_val, y_train, y_val = train_test_split(
        images, labels, test_size=0.2, random_state=42, stratify=labels
    )
    model = build_model(X_train.shape[1:], len(np.unique(labels)))
    history = model.fit(
        X_train,
        y_train,
        batch_size=arguments.batch_size,
        epochs=arguments.epochs,
        validation_data=(X_val, y_val),
        callbacks=checkpoints(arguments.output),
        verbose=2,
    )
    best = keras.models.load_model(arguments.output / "best_checkpoint.keras")
    metrics = evaluate(best, *load(arguments.data, "t10k"))
    (arguments.output / "history.json").write_text(json.dumps(history.history))
    (arguments.output / "evaluation_metrics.json").write_text(json.dumps(metrics, indent=2))


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Preprocess, train and evaluate in one process.")
    parser.add_argument("--data", type=Path, required=True, help="folder of the four IDX files")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--seed", type=int, default=42)
    return parser.parse_args()


def load(folder: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Return images (n, height, width, 1) float32 from 0 to 1, and labels (n,)."""
    with gzip.open(folder / f"{part}-images-idx3-ubyte.gz") as file:
        shape = np.frombuffer(file.read(IMAGES_HEADER), ">i4")[1:]
        pixels = np.frombuffer(file.read(), np.uint8).reshape(*shape, 1)
    with gzip.open(folder / f"{part}-labels-idx1-ubyte.gz") as file:
        labels = np.frombuffer(file.read(), np.uint8, offset=LABELS_HEADER)
    return pixels.astype(np.float32) / 255, labels


def build_model(shape: tuple[int, ...], classes: int) -> keras.Model:
    """Return the workshop's CNN, compiled."""
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input(shape),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(classes, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def checkpoints(folder: Path) -> list[keras.callbacks.Callback]:
    """Return callbacks that save the best epoch, and every second one."""

    def save(epoch: int, _logs: dict) -> None:
        if epoch % 2:
            every_second.model.save(folder / f"checkpoint_epoch_{epoch + 1}.keras")

    every_second = keras.callbacks.LambdaCallback(on_epoch_end=save)
    best = keras.callbacks.ModelCheckpoint(
        folder / "best_checkpoint.keras", monitor="val_accuracy", save_best_only=True
    )
    return [best, every_second]


def evaluate(model: keras.Model, images: np.ndarray, labels: np.ndarray) -> dict:
    """Return the metrics on the test images."""
    loss, accuracy = model.evaluate(images, labels, verbose=0)
    predicted = model.predict(images, verbose=0).argmax(axis=1)
    return {
        "accuracy": accuracy,
        "loss": loss,
        "report": classification_report(labels, predicted, output_dict=True),
        "confusion_matrix": confusion_matrix(labels, predicted).tolist(),
    }


if __name__ == "__main__":
    main()
