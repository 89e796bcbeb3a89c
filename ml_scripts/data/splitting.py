"""Stratified splitting with numpy alone: scikit-learn's split without its 1.8 s of import."""

import math

import numpy as np


def stratified_split(
    labels: np.ndarray, fraction: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the row numbers of the kept and of the held-out part, each in random order.

    Every class is shared out in proportion, as nearly as whole numbers allow. The result equals
    `sklearn.model_selection.train_test_split(stratify=labels, test_size=fraction,
    random_state=seed)` row by row, so that figures compare with those of scripts that call it.

    Args:
        labels: (n,) integers 0..classes-1, each class at least twice.
        fraction: share of the rows held out, between 0 and 1.
        seed: same seed, same split.
    """
    random = np.random.RandomState(seed)
    counts = np.bincount(labels)
    held_out_size = math.ceil(fraction * len(labels))
    kept_counts = _apportion(counts, len(labels) - held_out_size, random)
    held_out_counts = _apportion(counts - kept_counts, held_out_size, random)
    by_class = np.split(np.argsort(labels, kind="stable"), np.cumsum(counts)[:-1])
    kept, held_out = [], []
    for rows, keep, hold in zip(by_class, kept_counts, held_out_counts, strict=True):
        shuffled = rows[random.permutation(len(rows))]
        kept.append(shuffled[:keep])
        held_out.append(shuffled[keep : keep + hold])
    return random.permutation(np.concatenate(kept)), random.permutation(np.concatenate(held_out))


def _apportion(counts: np.ndarray, total: int, random: np.random.RandomState) -> np.ndarray:
    """Share `total` among the classes by largest remainder, ties by lot."""
    exact = counts / counts.sum() * total
    shares = np.floor(exact)
    remainders = exact - shares
    missing = int(total - shares.sum())
    for remainder in np.unique(remainders)[::-1]:
        if missing <= 0:
            break
        (tied,) = np.where(remainders == remainder)
        chosen = random.choice(tied, size=min(len(tied), missing), replace=False)
        shares[chosen] += 1
        missing -= len(chosen)
    return shares.astype(int)
