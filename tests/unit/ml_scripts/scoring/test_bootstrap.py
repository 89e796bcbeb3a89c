"""The resamples are real ones, and their metrics are scikit-learn's on those very images."""

import numpy as np
import pytest

from scoring import bootstrap
from scoring.metrics import score
from scoring.predictions import Predictions

RANDOM = np.random.default_rng(13)


def _predictions(classes: int, images: int) -> Predictions:
    labels = RANDOM.integers(0, classes, images)
    probabilities = RANDOM.dirichlet(np.ones(classes), images).astype(np.float32)
    return Predictions(labels, probabilities)


@pytest.mark.parametrize(("classes", "images"), [(2, 40), (6, 40), (6, 1)])
def test_each_resample_scores_as_if_it_were_a_test_set_of_its_own(classes, images):
    predictions = _predictions(classes, images)
    resampled = bootstrap.resampled_scores(predictions)
    random = np.random.default_rng(bootstrap.SEED)
    for number in range(3):
        drawn = random.integers(images, size=images)
        own = score(Predictions(predictions.labels[drawn], predictions.probabilities[drawn]))
        assert own.values.keys() == resampled.keys()
        for name, value in own.values.items():
            np.testing.assert_allclose(resampled[name][number], value, atol=1e-6, err_msg=name)


def test_resamples_that_do_not_fit_into_one_table_are_the_same_ones(monkeypatch):
    predictions = _predictions(4, 30)
    whole = bootstrap.resampled_scores(predictions)
    monkeypatch.setattr(bootstrap, "DRAWS_AT_ONCE", 30 * 7)  # 2,000 is no multiple of 7
    parts = bootstrap.resampled_scores(predictions)
    for name, values in whole.items():
        assert len(values) == bootstrap.RESAMPLES
        np.testing.assert_array_equal(parts[name], values)
