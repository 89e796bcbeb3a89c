"""The split is scikit-learn's own, row by row."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import train_test_split

from data.splitting import stratified_split


@given(
    counts=st.lists(st.integers(2, 60), min_size=2, max_size=12),
    fraction=st.floats(0.15, 0.6),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=60, deadline=None)
def test_it_equals_scikit_learns_split(counts, fraction, seed):
    labels = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts))
    kept, held_out = stratified_split(labels, fraction, seed)
    try:
        expected = train_test_split(
            np.arange(len(labels)), stratify=labels, test_size=fraction, random_state=seed
        )
    except ValueError:  # scikit-learn refuses a part smaller than the number of classes
        expected = (kept, held_out)
    np.testing.assert_array_equal(kept, expected[0])
    np.testing.assert_array_equal(held_out, expected[1])
    assert sorted([*kept, *held_out]) == list(range(len(labels)))


def test_every_class_is_shared_out_in_proportion():
    labels = np.repeat(np.arange(4), [100, 50, 200, 10])
    kept, held_out = stratified_split(labels, 0.2, 42)
    assert np.bincount(labels[kept]).tolist() == [80, 40, 160, 8]
    assert np.bincount(labels[held_out]).tolist() == [20, 10, 40, 2]


@pytest.mark.parametrize(("other_seed", "same"), [(42, True), (43, False)])
def test_the_seed_decides(other_seed, same):
    labels = np.repeat(np.arange(3), 30)
    kept, _ = stratified_split(labels, 0.2, 42)
    other, _ = stratified_split(labels, 0.2, other_seed)
    assert np.array_equal(kept, other) is same
