"""Train the mean image of each class: in place of the CNN where a fault is not about training.

The model names the fault that the evaluation of it is to have, so that an execution's input can
ask for one.
"""

import sys

import numpy as np

import container
from arrays import load_split


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


if __name__ == "__main__":
    sys.exit(container.run(main, "failure"))
