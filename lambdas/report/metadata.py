"""What the registry keeps of a run beside the model, within the registry's limits.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModelPackage.html
(CustomerMetadataProperties: at most 50 pairs, key 128, value 256 characters, and only letters,
digits, spaces and ``_.:/=+-@``.)
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from lambdas.boundary.text import cut, units
from lambdas.gate.gate import Decision
from lambdas.runs.hyperparameters import written

MOST_PAIRS, LONGEST_KEY, LONGEST_VALUE = 50, 128, 256
LONGEST_DESCRIPTION = 1024
# AWS does not say which version of Unicode it holds a character against. So what was not yet there
# in the oldest that Python has is replaced, as most emoji are, and what has become another kind.
UNICODES = (unicodedata.category, unicodedata.ucd_3_2_0.category)
PUNCTUATION = frozenset("_.:/=+-@")
# What the registry refuses and a reason cannot do without.
IN_WORDS = {
    ">=": "at least",
    "<=": "at most",
    "<": "below",
    ">": "above",
    "; ": " / ",
    "'s": "",
}
INTERVAL = re.compile(r"\[(\S+), (\S+)\]")
HELD = {True: "held", False: "not held", None: "not judged"}


def description(run: Mapping[str, Any]) -> str:
    """Return the ModelPackageDescription of the run's model package.

    AWS takes letters, marks, numbers, punctuation, symbols and spaces, and 1,024 characters.
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModelPackage.html
    """
    name = "".join("-" if "C" in _kinds(c) else c for c in run["dataset"]["name"])
    return cut(f"Run {run['run_id']} on {name}", LONGEST_DESCRIPTION)


def customer_metadata(run: Mapping[str, Any], decision: Decision) -> dict[str, str]:
    """Return CustomerMetadataProperties for the run's model package.

    Identities (run id, ARNs, digests) are left out rather than altered; other text has what the
    registry refuses replaced by "-". Metrics that a rule speaks of come first, so that the limit
    of pairs cuts the least telling ones.
    """
    pairs: dict[str, str] = {}
    for key, value in _identities(run, decision):
        if value and _allowed(value) == value and units(value) <= LONGEST_VALUE:
            pairs[key] = value
    for key, value in _descriptions(run, decision):
        fitting = cut(_allowed(value), LONGEST_VALUE).strip()
        if fitting and len(pairs) < MOST_PAIRS:
            pairs.setdefault(cut(_allowed(key), LONGEST_KEY).strip(), fitting)
    return pairs


def _identities(run: Mapping[str, Any], decision: Decision) -> Iterator[tuple[str, str | None]]:
    yield "run_id", run["run_id"]
    yield "execution_arn", run["execution_arn"]
    yield "dataset_fingerprint", run["dataset"]["fingerprint"]
    yield "code_sha256", run["code"]["sha256"]
    # Whose training it is, where the run has reused one.
    yield "trained_by", (run.get("training_job") or {}).get("reused_from")
    yield "model_sha256", decision.model_sha256
    yield "champion", run["champion"]["model_package_arn"]
    yield "report", run["paths"]["report"]


def _descriptions(run: Mapping[str, Any], decision: Decision) -> Iterator[tuple[str, str]]:
    yield "dataset", run["dataset"]["name"]
    yield "decision", decision.decision
    yield "decision_reason", _in_words(decision.reason)
    if decision.auto_approval is not None:
        answer = "yes" if decision.auto_approval.approved else "no"
        yield "auto_approve", _in_words(f"{answer}: {decision.auto_approval.reason}")
    for name, value in run["hyperparameters"].items():
        yield f"hyperparameter.{name}", written(value)
    for number, verdict in enumerate(decision.rules, start=1):
        yield f"rule.{number}", _in_words(f"{HELD[verdict.held]}: {verdict.said}")
    judged = dict.fromkeys(rule.metric for rule in decision.rules)
    for name in [*judged, *decision.metrics]:
        if name in decision.metrics:
            yield f"metric.{name}", str(decision.metrics[name])


def _in_words(reason: str) -> str:
    reason = INTERVAL.sub(r"between \1 and \2", reason)
    for sign, words in IN_WORDS.items():
        reason = reason.replace(sign, words)
    return reason


def _allowed(text: str) -> str:
    return "".join(_allowed_character(c) for c in text)


def _allowed_character(character: str) -> str:
    kinds = _kinds(character)
    if kinds == {"Z"}:
        return " "
    return character if kinds <= {"L", "N"} or character in PUNCTUATION else "-"


def _kinds(character: str) -> set[str]:
    """Return the first letters of the categories: L of a letter, C of what is no text."""
    return {category(character)[0] for category in UNICODES}
