"""Train the model: the Train step's entry point.

    python main.py --epochs 10 --batch-size 64 --learning-rate 0.001 --seed 42

SageMaker passes the hyperparameters as arguments and the folders in SM_* variables; every folder
may be given as an argument as well. What it costs and scores stands in training.py.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from data.arrays import load_split
from fitting import history, precision
from job import bounds, container, model_digest
from job.errors import UsageError
from job.tracking import tracked

if TYPE_CHECKING:
    from fitting.tensorflow_setup import keras


def main() -> None:
    """Train on the channels' arrays; leave the model, its digest, its history and checkpoints."""
    arguments = parse_arguments(sys.argv[1:], os.environ)
    images, labels = load_split(arguments.train, "train")
    val_images, val_labels = load_split(arguments.validation, "validation")

    import training  # noqa: PLC0415
    from fitting import hosts  # noqa: PLC0415 - TensorFlow takes seconds: complain of the arguments first
    from fitting.tensorflow_setup import make_deterministic  # noqa: PLC0415

    strategy = hosts.strategy(arguments.hosts, arguments.current_host)
    make_deterministic(arguments.seed)
    network, classes = _network(arguments.network), training.count_classes(labels)
    computing = precision.resolved(arguments.precision)
    if computing != precision.FLOAT32:
        print(f"computing in {computing}", flush=True)
    with strategy.scope(), precision.computing_in(computing):
        model = network(images.shape[1:], classes)
    with strategy.scope():
        saved = model if computing == precision.FLOAT32 else network(images.shape[1:], classes)
    settings = training.Settings(
        arguments.epochs,
        arguments.batch_size,
        arguments.learning_rate,
        arguments.seed,
        arguments.schedule,
    )
    # After the model is built: a thread beside that might draw from the same random numbers.
    with tracked(os.environ if hosts.is_chief(strategy) else {}) as tracking:
        tracking.parameters(
            {**asdict(settings), "network": network.__name__, "precision": computing}
        )
        rows = training.train_model(
            model,
            images,
            labels,
            val_images,
            val_labels,
            arguments.model_dir,
            checkpoint_dir=arguments.checkpoint_dir,
            settings=settings,
            strategy=strategy,
            saved=saved,
            log=lambda line: print(line, flush=True),
            record=tracking.epoch,
        )
    if hosts.is_chief(strategy):
        history.write(arguments.output_data_dir, rows)
        model_digest.write(arguments.model_dir, arguments.output_data_dir)


def parse_arguments(arguments: list[str], environment: Mapping[str, str]) -> argparse.Namespace:
    """Read the hyperparameters and folders, with the container's environment as defaults."""
    base = container.base_directory()
    parser = container.ArgumentParser("Train the model on the arrays of the channels.")
    parser.add_argument("--network", help="one of those in model.py; the first if not given")
    parser.add_argument("--epochs", type=bounds.reader("epochs", int), default=10)
    parser.add_argument("--batch-size", type=bounds.reader("batch-size", int), default=64)
    parser.add_argument(
        "--learning-rate", type=bounds.reader("learning-rate", float), default=0.001
    )
    parser.add_argument("--schedule", type=bounds.reader("schedule", str), default="constant")
    parser.add_argument(
        "--precision",
        type=bounds.reader("precision", str),
        default=precision.FLOAT32,
        help="of the products; auto is bfloat16 where the processor multiplies it (AMX)",
    )
    parser.add_argument("--seed", type=bounds.reader("seed", int), default=42)
    folders = {
        "--train": ("SM_CHANNEL_TRAIN", base / "input/data/train"),
        "--validation": ("SM_CHANNEL_VALIDATION", base / "input/data/validation"),
        "--model-dir": ("SM_MODEL_DIR", base / "model"),
        "--output-data-dir": ("SM_OUTPUT_DATA_DIR", base / "output/data"),
    }
    for option, (variable, fallback) in folders.items():
        default = Path(environment.get(variable) or fallback)
        parser.add_argument(option, type=Path, default=default)
    parser.add_argument("--checkpoint-dir", type=Path, default=base / "checkpoints")
    hosts = environment.get("SM_HOSTS") or '["localhost"]'
    parser.add_argument("--hosts", type=json.loads, default=hosts, help="JSON list of names")
    parser.add_argument("--current-host", default=environment.get("SM_CURRENT_HOST"))
    return parser.parse_args(arguments)


def _network(name: str | None) -> "Callable[[tuple[int, ...], int], keras.Model]":
    from model import NETWORKS  # noqa: PLC0415

    if name is None:
        return next(iter(NETWORKS.values()))
    if name not in NETWORKS:
        raise UsageError(f"--network: found {name!r}, expected one of {', '.join(NETWORKS)}")
    return NETWORKS[name]


if __name__ == "__main__":
    sys.exit(container.run(main, "failure"))
