"""How near an answer came to the recorded one."""

from tests.conformance.comparison import Difference

OUTCOMES = ("equal", "wording", "differs")


def outcome(differences: list[Difference]) -> str:
    """Return "equal", "wording" (a cause's text or an event's number differs) or "differs"."""
    if not differences:
        return "equal"
    return "wording" if all(difference.cosmetic for difference in differences) else "differs"
