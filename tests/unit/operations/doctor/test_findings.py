"""What `retrain doctor` says of what it found."""

import pytest
from botocore.exceptions import EndpointConnectionError

from cli.shown.findings import show
from operations.doctor.findings import (
    Level,
    has_problems,
    not_asked,
    ok,
    problem,
    summary,
    warning,
)
from tests.fakes.terminal import PlainTerminal, client_error


def test_each_finding_is_a_line_with_a_mark_and_says_what_to_do(terminal: PlainTerminal) -> None:
    show([ok("a", "fine"), warning("b", "odd", "look"), problem("c", "wrong", "mend it")], terminal)
    assert terminal.lines() == [
        "✓ a: fine",
        "! b: odd",
        "  Next: look",
        "✗ c: wrong",
        "  Next: mend it",
    ]


@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException", "403"])
def test_what_may_not_be_asked_names_the_permission(code: str) -> None:
    finding = not_asked("quotas", client_error(code), "servicequotas:ListServiceQuotas")
    assert finding.level is Level.WARNING
    assert finding.found == f"these credentials may not ask: {code}"
    assert "allow servicequotas:ListServiceQuotas" in finding.next_step


def test_another_answer_and_no_answer_are_told_as_they_are() -> None:
    answered = not_asked("quotas", client_error("ServiceException", 500, "not now"), "x:Y")
    silent = not_asked("quotas", EndpointConnectionError(endpoint_url="http://there"), "x:Y")
    broken = not_asked("quotas", KeyError("Quotas"), "x:Y")
    assert "ServiceException: not now" in answered.found
    assert "http://there" in silent.found
    assert "KeyError: 'Quotas'" in broken.found
    assert {f.level for f in (answered, silent, broken)} == {Level.WARNING}


def test_only_problems_are_problems() -> None:
    harmless = [ok("a", ""), warning("b", "", "")]
    assert not has_problems(harmless)
    assert has_problems([*harmless, problem("c", "", "")])


def test_the_summary_counts() -> None:
    assert summary([ok("a", "")]) == "0 problems, 0 warnings"
    assert summary([problem("a", "", ""), warning("b", "", "")]) == "1 problem, 1 warning"
