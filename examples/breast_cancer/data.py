"""Write scikit-learn's breast cancer data as the CSV files of this example.

    python examples/breast_cancer/data.py FOLDER

569 tumours, 30 measurements of the cell nuclei of each, benign or malignant; 171 of them are kept
for testing. The same bytes every time.

Wolberg, Mangasarian, Street, Street: https://doi.org/10.24432/C5DW2B
"""

import argparse
import csv
from pathlib import Path

from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

LABEL = "diagnosis"
TEST_FRACTION = 0.3
SEED = 42


def write(folder: Path) -> Path:
    """Write train.csv and test.csv into `folder` and return it."""
    data = load_breast_cancer()
    rows = [
        [*row, data.target_names[label]]
        for row, label in zip(data.data.tolist(), data.target, strict=True)
    ]
    train, test = train_test_split(
        rows, test_size=TEST_FRACTION, random_state=SEED, stratify=data.target
    )
    folder.mkdir(parents=True, exist_ok=True)
    for name, part in (("train.csv", train), ("test.csv", test)):
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow([*data.feature_names, LABEL])
            writer.writerows(part)
    return folder


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write the breast cancer data as CSV files.")
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    print(f"Wrote {write(parser.parse_args().folder)}/train.csv and test.csv")
