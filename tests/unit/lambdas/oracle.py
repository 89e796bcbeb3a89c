"""Whether an evaluation.json agrees with itself, from the definitions in docs/evaluation.md.

Shares no code with the gate: exact fractions where a figure is a quotient of counts. It allows a
little more than the gate does, so that what the gate takes has to be right here as well.
"""

import math
from fractions import Fraction
from typing import Any

BLOCK = "multiclass_classification_metrics"
CLOSE = Fraction(2, 1_000_000)


class ContradictionError(Exception):
    """Two figures of the evaluation cannot both be right."""


def demand(condition: bool, what: str) -> None:
    """Raise unless the condition holds."""
    if not condition:
        raise ContradictionError(what)


def same(found: Any, expected: Any, what: str) -> None:
    """Raise unless two numbers are the same but for rounding."""
    near = abs(Fraction(found) - Fraction(expected)) <= CLOSE * max(1, abs(Fraction(expected)))
    demand(near, f"{what}: {found} and {expected}")


def check(evaluation: dict[str, Any]) -> None:
    """Raise ContradictionError where the evaluation contradicts itself."""
    samples = evaluation["dataset"]["test_samples"]
    demand(samples > 0, "no samples")
    model(evaluation, samples)
    champion = evaluation.get("champion")
    if champion is None or "error" in champion:
        return
    if BLOCK in champion and "confusion_matrix" in champion[BLOCK]:
        model(champion, samples)
        for label, row in evaluation[BLOCK]["confusion_matrix"].items():
            theirs = champion[BLOCK]["confusion_matrix"][label]
            demand(sum(row.values()) == sum(theirs.values()), "another test set")
    if "comparison" in champion:
        comparison(evaluation[BLOCK], champion[BLOCK], champion["comparison"], samples)


def model(scores: dict[str, Any], samples: int) -> None:
    """Check what is said of one model."""
    block, matrix = scores[BLOCK], scores[BLOCK]["confusion_matrix"]
    cells = {(t, p): count for t, row in matrix.items() for p, count in row.items()}
    demand(all(type(c) is int and c >= 0 for c in cells.values()), "a count")
    demand(set(cells) == {(t, p) for t in matrix for p in matrix}, "classes")
    demand(sum(cells.values()) == samples, "total")
    right = sum(cells[c, c] for c in matrix)
    values: dict[str, dict[str, Fraction]] = {"precision": {}, "recall": {}, "f1": {}}
    weight = {}
    for label in matrix:
        hit = cells[label, label]
        there, said = (sum(cells[k] for k in cells if k[axis] == label) for axis in (0, 1))
        weight[label] = there
        values["precision"][label] = Fraction(hit, said) if said else Fraction(0)
        values["recall"][label] = Fraction(hit, there) if there else Fraction(0)
        values["f1"][label] = Fraction(2 * hit, said + there) if said + there else Fraction(0)
    demand(set(scores["per_class"]) == set(matrix), "classes of per_class")
    for label, found in scores["per_class"].items():
        for name in values:
            if name in found:
                same(found[name]["value"], values[name][label], f"{name} of {label}")
                deviation = found[name].get("standard_deviation", 0)
                demand(0 <= deviation <= 0.51, f"deviation of {name} of {label}")
        demand(found.get("samples", weight[label]) == weight[label], "samples")
    expected = {"accuracy": Fraction(right, samples)}
    for name, each in values.items():
        expected[f"macro_{name}"] = sum(each.values(), Fraction(0)) / len(each)
        expected[f"weighted_{name}"] = sum(each[c] * weight[c] for c in each) / samples
    for name, value in expected.items():
        if name in block:
            same(block[name]["value"], value, name)
    top(block, expected["accuracy"], samples, len(matrix))
    if "calibration" in scores:
        calibration(scores["calibration"]["bins"], block, samples, right)
    deviations(block, samples)
    latency = scores.get("model", {}).get("latency_ms", {})
    demand(0 <= latency.get("median", 0) <= latency.get("p95", math.inf), "latency")


def top(block: dict[str, Any], least: Fraction, samples: int, classes: int) -> None:
    """Check that more guesses are right more often, of whole images."""
    for k in (3, 5):
        if (entry := block.get(f"top_{k}_accuracy")) is not None:
            value = Fraction(entry["value"])
            demand(classes > k and least - CLOSE <= value <= 1, f"top {k}")
            same(value, Fraction(round(value * samples), samples), f"top {k}")
            least = value


def calibration(bins: list[Any], block: dict[str, Any], samples: int, right: int) -> None:
    """Check the bins, and the error that they lead to."""
    filled = [each for each in bins if each["count"]]
    demand(all(type(each["count"]) is int and each["count"] >= 0 for each in bins), "counts")
    demand(all(0 <= each["low"] < each["high"] <= 1 for each in bins), "edges")
    demand(sum(each["count"] for each in bins) == samples, "images in bins")
    for each in filled:
        demand(each["low"] - CLOSE <= each["confidence"] <= each["high"] + CLOSE, "confidence")
        hits = Fraction(each["accuracy"]) * each["count"]
        demand(0 <= each["accuracy"] <= 1, "accuracy of a bin")
        demand(abs(hits - round(hits)) <= CLOSE * each["count"], "accuracy of a bin")
    same(sum(Fraction(e["accuracy"]) * e["count"] for e in filled), right, "right in bins")
    gaps = sum(
        abs(Fraction(e["accuracy"]) - Fraction(e["confidence"])) * e["count"] for e in filled
    )
    if "expected_calibration_error" in block:
        same(block["expected_calibration_error"]["value"], gaps / samples, "calibration error")


def deviations(block: dict[str, Any], samples: int) -> None:
    """Check the deviations of shares of the images, and that none is below 0."""
    for name, entry in block.items():
        if name == "confusion_matrix" or not isinstance(entry, dict):
            continue
        if "value" not in entry:  # missing, which contradicts nothing
            demand(entry.get("standard_deviation", 0) >= 0, f"deviation of {name}")
            continue
        demand(entry["value"] >= 0, f"{name} below 0")
        found = entry.get("standard_deviation", 0)
        demand(found >= 0, f"deviation of {name}")
        if "standard_deviation" in entry and (
            name in {"accuracy", "weighted_recall"} or name.startswith("top_")
        ):
            expected = math.sqrt(entry["value"] * (1 - min(1, entry["value"])) / samples)
            demand(abs(found - expected) <= 0.25 * expected + 2e-6, f"deviation of {name}")
        elif name != "loss":
            demand(found <= 0.51, f"deviation of {name}")


def comparison(new: Any, old: Any, found: dict[str, Any], samples: int) -> None:
    """Check the differences, their intervals, and McNemar's counts."""
    for name, each in found["metrics"].items():
        same(each["difference"], Fraction(new[name]["value"]) - Fraction(old[name]["value"]), name)
        demand(each["low"] <= each["difference"] + CLOSE, f"interval of {name}")
        demand(each["difference"] <= each["high"] + CLOSE, f"interval of {name}")
        if name in {"loss", "expected_calibration_error"} or name not in old:
            continue
        demand(-1 <= each["low"] <= each["high"] <= 1, f"interval of {name}")
    if (counted := found.get("mcnemar")) is None:
        return
    counts = [counted[k] for k in ("both", "only_challenger", "only_champion", "neither")]
    demand(all(type(count) is int and count >= 0 for count in counts), "mcnemar")
    demand(sum(counts) == samples, "mcnemar")
    both, mine, theirs, _ = counts
    same(Fraction(both + mine, samples), new["accuracy"]["value"], "mcnemar")
    same(Fraction(both + theirs, samples), old["accuracy"]["value"], "mcnemar")
    tail = sum(math.comb(mine + theirs, k) for k in range(min(mine, theirs) + 1))
    expected = min(Fraction(1), Fraction(2 * tail, 2 ** (mine + theirs)))
    same(counted["p_value"], expected, "p value")
    width = found["metrics"]["accuracy"]["high"] - found["metrics"]["accuracy"]["low"]
    variance = (Fraction(mine + theirs, samples) - Fraction(mine - theirs, samples) ** 2) / samples
    # Six deviations to each side at the very most, and some images.
    demand(width <= 12 * math.sqrt(variance) + Fraction(6, samples), "width of the interval")
