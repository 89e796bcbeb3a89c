"""Whether a run reproduced its original: the same weights, and every metric the same.

Pure, and closed as the gate is: what is missing or malformed on either side differs.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from lambdas.boundary.text import one_line, shown
from lambdas.gate.gate import Decision
from lambdas.gate.metrics import MetricError, metrics_block, scalars
from lambdas.gate.verdicts import Verdict, broken, in_one_line

REPRODUCED, DIFFERS = "reproduced", "differs"
DIGITS = 12  # of a digest, in messages
MISSING = "missing"
# What depends on the machine and the moment, or speaks of another model. The weights, of "model",
# are compared apart.
NOT_COMPARED = ("model", "champion")


def compare(found: object, original: object, run_id: str) -> Decision:
    """Hold a run's evaluation against that of the run that it reproduces, whose id is ``run_id``.

    Both are what evaluation.json holds. Size and latency of the model may differ.
    """
    try:
        values = _scalars(found, "this run")
        before = _scalars(original, f"run {run_id}")
    except MetricError as error:
        return differs(str(error))
    assert isinstance(found, Mapping)
    assert isinstance(original, Mapping)
    metrics = tuple(_metrics(values, before))
    verdicts = (
        _weights(found, original),
        *metrics,
        _rest(found, original, {*values, *before}),
    )
    if against := broken(verdicts):
        return Decision(DIFFERS, in_one_line(against), verdicts, values)
    same = f"the weights and {len(metrics)} metrics are those of run {run_id}, bit for bit"
    return Decision(REPRODUCED, same, verdicts, values)


def differs(reason: str) -> Decision:
    """Return the decision where one of the two evaluations cannot be had."""
    return Decision(DIFFERS, one_line(reason))


def _scalars(evaluation: object, whose: str) -> dict[str, float]:
    try:
        return scalars(metrics_block(evaluation)[1])
    except MetricError as error:
        raise MetricError(f"of {whose}: {error}") from error


def _weights(found: Mapping[str, Any], original: Mapping[str, Any]) -> Verdict:
    ours, theirs = _weights_sha256(found), _weights_sha256(original)
    held = ours is not None and ours == theirs
    ours, theirs = (digest and digest[:DIGITS] for digest in (ours, theirs))
    said = f"weights_sha256 {ours or 'missing'}"
    if not held:
        said += f" instead of {theirs or 'one that is missing'}"
    return _verdict("weights_sha256", theirs, held, said)


def _weights_sha256(evaluation: Mapping[str, Any]) -> str | None:
    model = evaluation.get("model")
    digest = model.get("weights_sha256") if isinstance(model, Mapping) else None
    return digest if isinstance(digest, str) and digest else None


def _metrics(found: Mapping[str, float], original: Mapping[str, float]) -> Iterator[Verdict]:
    for name in {**original, **found}:
        value, bound = found.get(name), original.get(name)
        if value is None or bound is None:
            said = f"{name} is missing {'here' if value is None else 'in the original'}"
        elif value == bound:
            said = f"{name} {value}"
        else:
            said = f"{name} {value} instead of {bound} ({value - bound:+.3g})"
        yield _verdict(name, bound, value == bound, said, value)


def _rest(
    found: Mapping[str, Any], original: Mapping[str, Any], compared: Collection[str]
) -> Verdict:
    """Judge all else at once: the confusion matrix, the classes, the calibration, the test set."""
    ours, theirs = (_without(compared, evaluation) for evaluation in (found, original))
    if ours == theirs:
        return _verdict("everything else", None, True, "as in the original")
    said = _first_difference(ours, theirs).removeprefix(".")
    return _verdict("everything else", None, False, said)


def _without(compared: Collection[str], evaluation: Mapping[str, Any]) -> dict[str, Any]:
    block, metrics = metrics_block(evaluation)
    rest = {name: table for name, table in evaluation.items() if name not in NOT_COMPARED}
    return rest | {block: {name: metrics[name] for name in metrics if name not in compared}}


def _first_difference(ours: object, theirs: object) -> str:
    """Return the way to the first value that differs, and both values."""
    if isinstance(ours, list) and isinstance(theirs, list):
        ours, theirs = dict(enumerate(ours)), dict(enumerate(theirs))
    if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        every = {**theirs, **ours}
        name = next(n for n in every if ours.get(n, MISSING) != theirs.get(n, MISSING))
        return f".{name}{_first_difference(ours.get(name, MISSING), theirs.get(name, MISSING))}"
    return f" {shown(ours)} instead of {shown(theirs)}"


def _verdict(
    name: str, bound: float | str | None, held: bool, said: str, value: float | None = None
) -> Verdict:
    rule = name if bound is None else f"{name} == {bound}"
    number = bound if isinstance(bound, int | float) else None
    return Verdict(rule, name, value, number, held, one_line(said), otherwise=DIFFERS)
