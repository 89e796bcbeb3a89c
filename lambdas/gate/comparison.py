"""Whether what an evaluation says of the champion agrees with itself and with the new model."""

import math
from collections.abc import Iterator, Mapping
from statistics import NormalDist
from typing import Any

from lambdas.gate.consistency import OF_IMAGES, ROUNDING, agree, check_scores, whole
from lambdas.gate.derived import Matrix
from lambdas.gate.metrics import MetricError, metric, number, plausible_difference

MCNEMAR = ("both", "only_challenger", "only_champion", "neither")
MOST_APART = 1_000_000  # images; an exact test of more takes seconds
# How far the width of accuracy's interval may be from that of a normal distribution.
WIDTH, LATTICE = 0.3, 4  # a share of the width, and images
LINEAR = ("loss", *OF_IMAGES)  # means over the images, so that their resamples have no bias


def check_champion(
    evaluation: Mapping[str, Any], block_name: str, samples: int, matrix: Matrix | None
) -> None:
    """Hold what is said of the champion against itself and the new model. Raises MetricError.

    ``matrix`` is the new model's. A champion that could not be scored, or of which figures are
    missing, contradicts nothing: that is for the rules to judge.
    """
    champion = evaluation.get("champion")
    if not isinstance(champion, Mapping) or "error" in champion:
        return
    theirs = None
    if isinstance(champion.get(block_name), Mapping) and "confusion_matrix" in champion[block_name]:
        theirs = _champions_matrix(champion, block_name, samples, matrix)
    comparison = champion.get("comparison")
    if isinstance(comparison, Mapping):
        new, old = evaluation[block_name], champion.get(block_name)
        for name, found in _differences(comparison):
            if name in new and isinstance(old, Mapping) and name in old:
                difference_of(name, found, metric(new, name), metric(old, name))
                _check_interval(name, found, comparison, new, old)
        _check_mcnemar(comparison, samples, matrix, theirs)


def _champions_matrix(
    champion: Mapping[str, Any], block_name: str, samples: int, matrix: Matrix | None
) -> Matrix | None:
    try:
        theirs = check_scores(champion, block_name, samples)
    except MetricError as error:
        raise MetricError(f"of the champion: {error}") from None
    if matrix and theirs and matrix.true != theirs.true:
        raise MetricError(
            "of the champion: other numbers of images of the classes than the model's"
        )
    return theirs


def _differences(comparison: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    metrics = comparison.get("metrics")
    for name, found in metrics.items() if isinstance(metrics, Mapping) else ():
        if isinstance(found, Mapping) and {"difference", "low", "high"} <= set(found):
            yield name, found


def difference_of(
    name: str, found: Mapping[str, Any], new: float, old: float
) -> tuple[float, float, float]:
    """Return a difference of two metrics with the ends of its interval, which holds it.

    Raises MetricError where it is not theirs, or not within.
    """
    difference, low, high = (
        plausible_difference(name, found.get(key)) for key in ("difference", "low", "high")
    )
    if abs(difference - (new - old)) > ROUNDING * max(1, abs(new), abs(old)):
        raise MetricError(f"the difference in {name} is {difference}, of {new} and {old}")
    if not low <= high:
        raise MetricError(f"the interval of {name} goes from {low} to {high}")
    if not low - ROUNDING <= difference <= high + ROUNDING:
        said = f"the interval of {name} goes from {low} to {high}"
        raise MetricError(f"{said}, without the difference, {difference}")
    return difference, low, high


def _check_interval(
    name: str,
    found: Mapping[str, Any],
    comparison: Mapping[str, Any],
    new: Mapping[str, Any],
    old: Mapping[str, Any],
) -> None:
    """No end is further away than the two deviations allow.

    The deviation of a difference is at most the sum of both, and Cantelli's inequality bounds each
    quantile by it, whatever the distribution.
    """
    both = [entry.get("standard_deviation") for entry in (new[name], old[name])]
    if name not in LINEAR or None in both or "level" not in comparison:
        return
    tail = (1 - number("the level of the intervals", comparison["level"], 0, 1)) / 2
    if not tail:
        return
    deviation = sum(number(f"the deviation of {name}", each, 0, math.inf) for each in both)
    furthest = deviation * (math.sqrt((1 - tail) / tail) + 0.2)  # 2,000 resamples, not all
    reach = max(found["high"] - found["difference"], found["difference"] - found["low"])
    if reach > furthest + ROUNDING:
        said = f"the interval of {name} reaches {reach:.6g} from the difference"
        raise MetricError(f"{said}, at most {furthest:.6g} by the two deviations")


def _check_mcnemar(
    comparison: Mapping[str, Any], samples: int, matrix: Matrix | None, theirs: Matrix | None
) -> None:
    found = comparison.get("mcnemar")
    if found is None:
        return
    if not isinstance(found, Mapping):
        raise MetricError("mcnemar is no object")
    both, mine, champions, neither = (whole(f"mcnemar.{n}", found.get(n)) for n in MCNEMAR)
    agree("the images of mcnemar", both + mine + champions + neither, samples, "test_samples", 0)
    for right, said, whose in (
        (both + mine, matrix, "the model's"),
        (both + champions, theirs, "the champion's"),
    ):
        if said is not None:
            agree(f"{whose} right ones of mcnemar", right, said.right, "confusion_matrix", 0)
    if mine + champions <= MOST_APART:
        p_value = number("mcnemar.p_value", found.get("p_value"), 0, 1)
        agree("mcnemar.p_value", p_value, _p_value(mine, champions), "the counts of mcnemar")
    _check_width(comparison, mine, champions, samples)


def _p_value(mine: int, champions: int) -> float:
    """Return the exact two-sided binomial test of a fair coin: mcnemar's, as SciPy's binomtest."""
    apart, fewer = mine + champions, min(mine, champions)
    if mine == champions:
        return 1.0
    logs = (
        math.lgamma(apart + 1) - math.lgamma(k + 1) - math.lgamma(apart - k + 1)
        for k in range(fewer + 1)
    )
    return min(1.0, 2 * sum(math.exp(log - apart * math.log(2)) for log in logs))


def _check_width(comparison: Mapping[str, Any], mine: int, champions: int, samples: int) -> None:
    """The images that one of the two has right say how the difference in accuracy varies."""
    found = dict(_differences(comparison)).get("accuracy")
    level = comparison.get("level")
    if found is None or level is None or not 0 < number("level", level, 0, 1) < 1:
        return
    difference = (mine - champions) / samples
    variance = ((mine + champions) / samples - difference**2) / samples
    expected = 2 * NormalDist().inv_cdf((1 + level) / 2) * math.sqrt(max(0.0, variance))
    within = WIDTH * expected + LATTICE / samples if variance > 0 else ROUNDING
    width = found["high"] - found["low"]
    if abs(width - expected) > within:
        said = f"the interval of accuracy is {width:.6g} wide, and about {expected:.6g}"
        raise MetricError(f"{said} by the counts of mcnemar")
