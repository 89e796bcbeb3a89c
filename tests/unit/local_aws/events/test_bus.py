"""Whether a rule hears an event."""

from moto.events.models import EventPattern, Rule

from local_aws.events.bus import listens

EVENT = {"id": "1", "source": "shop", "detail": {"n": 1}}


def rule(pattern: dict[str, object]) -> Rule:
    """Return a rule whose pattern nobody has checked, as a rule of an older server may be."""
    known = Rule(
        "r", "123456789012", "us-east-1", None, None, "rate(1 day)", None, "default", "ENABLED"
    )
    known.event_pattern = EventPattern("", pattern)
    return known


def test_a_rule_hears_what_its_pattern_matches() -> None:
    assert listens(rule({"source": ["shop"]}), EVENT)
    assert not listens(rule({"source": ["other"]}), EVENT)


def test_a_schedule_alone_hears_nothing() -> None:
    assert not listens(rule({}), EVENT)


def test_a_pattern_that_cannot_be_matched_hears_nothing() -> None:
    assert not listens(rule({"detail": {"n": [{"numeric": [">"]}]}}), EVENT)
    assert not listens(rule({"source": [{"like": "shop"}]}), EVENT)
