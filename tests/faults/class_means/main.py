"""Train the mean image of each class: in place of the CNN where a fault is not about training.

The model names the fault that the evaluation of it is to have, so that an execution's input can
ask for one.
"""

import sys
import time
from pathlib import Path

import numpy as np

from data.arrays import load_split
from job import container


def main() -> None:
    """Run the job with the hyperparameters and the container's folders."""
    parser = container.ArgumentParser("Train the mean image of each class.")
    parser.add_argument("--fault", default="none")
    fault = parser.parse_args(sys.argv[1:]).fault
    base = container.base_directory()
    images, labels = load_split(base / "input/data/train", "train")
    means = np.stack([images[labels == k].mean(axis=0) for k in np.unique(labels)])
    np.save(base / "model/means.npy", means)  # (classes, height, width, channels)
    (base / "model/fault").write_text(fault)
    print("epoch=1/1; loss=0.1; accuracy=0.9; val_loss=0.1; val_accuracy=0.9; seconds=0.0;")
    if fault == "endless training":
        time.sleep(600)
    if fault == "old checkpoints":
        keep_one_checkpoint(base / "checkpoints")


def keep_one_checkpoint(folder: Path) -> None:
    """Write two checkpoints, and remove the older when both had the time to be copied away."""
    for name in ("older", "newer"):
        (folder / name).write_text(name)
    time.sleep(4)
    (folder / "older").unlink()


if __name__ == "__main__":
    sys.exit(container.run(main, "failure"))
