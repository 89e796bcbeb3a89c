"""The gate: whether a model may be registered, and with which approval.

Pure, and closed unless everything is in order. All rules are judged, whichever breaks first; what
they lead to, in this order:

1. An evaluation or a setting that is malformed, an evaluation that contradicts itself, or a
   threshold, a floor or a limit that does not hold: ``reject``.
2. A champion that could not be scored on this test set: what ``unscorable_champion`` says.
3. A champion that the new model does not reach, or that cannot be compared, or whose model it is:
   ``keep_champion``.
4. Otherwise: ``register``, if the evaluation says which model it is of. If all rules of
   ``auto_approve`` hold as well, as ``Approved``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lambdas.boundary.text import one_line
from lambdas.gate.evidence import Evidence, UnscorableError
from lambdas.gate.metrics import MetricError, scalars
from lambdas.gate.settings import Gate, parse_auto_approve, parse_gate
from lambdas.gate.verdicts import KEEP_CHAMPION, REGISTER, REJECT, Verdict, broken, in_one_line

NO_DIGEST = "model.sha256 is no digest of 64 hex digits: which model was scored is not known"
PENDING, APPROVED = "PendingManualApproval", "Approved"


@dataclass(frozen=True)
class AutoApproval:
    """What the rules of automatic approval say of a model that may be registered."""

    approved: bool
    reason: str
    rules: tuple[Verdict, ...] = ()

    def as_state(self) -> dict[str, Any]:
        """Return it as decision.json has it."""
        rules = [verdict.as_state() for verdict in self.rules]
        return {"approved": self.approved, "reason": self.reason, "rules": rules}


@dataclass(frozen=True)
class Decision:
    """``decision`` with its ``reason`` in one line, and what led to it.

    ``model_sha256`` is the digest of the model that it is about, where that is known.
    """

    decision: str
    reason: str
    rules: tuple[Verdict, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)
    auto_approval: AutoApproval | None = None
    model_sha256: str | None = None

    @property
    def approval_status(self) -> str:
        """The ModelApprovalStatus that the rules lead to.

        Every model is registered as PendingManualApproval. ApproveModel approves one whose rules
        say so, if the champion that they speak of is still the champion.
        """
        return APPROVED if self.auto_approval and self.auto_approval.approved else PENDING

    def as_state(self) -> dict[str, Any]:
        """Return the decision as the JSON that states, decision.json and reports carry."""
        return {
            "decision": self.decision,
            "reason": self.reason,
            "approval_status": self.approval_status,
            "rules": [verdict.as_state() for verdict in self.rules],
            "auto_approve": self.auto_approval and self.auto_approval.as_state(),
            "metrics": dict(self.metrics),
        }


def decide(
    evaluation: object, gate: object, champion_arn: str | None, auto_approve: object = None
) -> Decision:
    """Hold an evaluation against the rules.

    ``evaluation`` is what evaluation.json holds, ``gate`` and ``auto_approve`` what stands in
    ``[gate]`` and ``[registry.auto_approve]``, and ``champion_arn`` the model package that the
    evaluation should have scored beside the new model. Nothing in them makes this raise: what
    cannot be judged is a reject with its reason, or a model that waits for approval.
    """
    metrics: Mapping[str, float] = {}
    try:
        found = Evidence.of(evaluation)
        metrics = scalars(found.block)
        settings = parse_gate(gate)
        found.check()
    except MetricError as error:
        return reject(str(error), metrics)
    verdicts = _judge(settings, found, champion_arn)
    for decision in (REJECT, KEEP_CHAMPION):
        if against := [v for v in broken(verdicts) if v.otherwise == decision]:
            return Decision(decision, in_one_line(against), verdicts, metrics)
    reason, digest = in_one_line(verdicts), found.model_sha256()
    if digest is None:
        return Decision(REJECT, NO_DIGEST, verdicts, metrics)
    approval = _auto_approval(auto_approve, settings, found, champion_arn)
    return Decision(REGISTER, reason, verdicts, metrics, approval, digest)


def reject(reason: str, metrics: Mapping[str, float] | None = None) -> Decision:
    """Return the decision to reject for something that is wrong with the evaluation or rules."""
    return Decision(REJECT, one_line(reason), (), metrics or {})


def _judge(gate: Gate, found: Evidence, champion_arn: str | None) -> tuple[Verdict, ...]:
    absolute = [rule.judge(found) for rule in gate.rules.absolute]
    return (*absolute, *_against_champion(gate, found, champion_arn))


def _against_champion(gate: Gate, found: Evidence, arn: str | None) -> list[Verdict]:
    rules = gate.rules.champion
    try:
        champion = found.champion(arn)
    except UnscorableError as error:
        return _unscored(gate, gate.unscorable_champion, f"champion {arn}", error)
    except MetricError as error:
        # Whatever the rules allow for a champion that is broken, this evaluation is broken itself.
        return _unscored(gate, KEEP_CHAMPION, f"champion {arn or ''}", error)
    if champion is None:
        return [rule.without_champion(found) for rule in rules]
    verdicts = [rule.judge(found, champion, gate.confidence_level) for rule in rules]
    return [*_nothing_new(found, champion), *verdicts]


def _nothing_new(found: Evidence, champion: Mapping[str, Any]) -> list[Verdict]:
    """Return what speaks against registering the champion's model a second time.

    A run that reuses its training comes to it: its differences are 0, and no rule need be broken.
    """
    if not found.is_that_of(champion):
        return []
    said = f"the model is the champion's own, byte for byte: sha256 {found.model_sha256()}"
    rule = "another model than the champion's"
    return [Verdict(rule, "champion", None, None, False, said, KEEP_CHAMPION)]


def _unscored(gate: Gate, otherwise: str, who: str, error: MetricError) -> list[Verdict]:
    held = otherwise == REGISTER
    consequence = "replaced all the same" if held else "not replaced unmeasured"
    said = one_line(f"{who} could not be scored: {error}; {consequence}")
    rule = f'unscorable_champion = "{gate.unscorable_champion}"'
    verdict = Verdict(rule, "champion", None, None, held, said, otherwise)
    return [verdict, *(rule.not_judged("champion not scored") for rule in gate.rules.champion)]


def _auto_approval(
    settings: object, gate: Gate, found: Evidence, champion_arn: str | None
) -> AutoApproval | None:
    """Return what automatic approval says; None where it is not enabled.

    It asks for more than the gate: every rule must have been judged and hold, so that a first model
    whose rules speak of a champion waits for a person, and so does one whose champion is not to be
    scored.
    """
    try:
        rules = parse_auto_approve(settings)
    except MetricError as error:
        return AutoApproval(False, one_line(str(error)))
    if rules is None:
        return None
    strict = Gate(rules, gate.confidence_level, unscorable_champion=KEEP_CHAMPION)
    verdicts = _judge(strict, found, champion_arn)
    against = [verdict for verdict in verdicts if not verdict.held]
    return AutoApproval(not against, in_one_line(against or verdicts), verdicts)
