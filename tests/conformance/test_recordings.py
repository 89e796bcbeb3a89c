"""Each recording of AWS: equal, but for wording, or different for a reason that is written down.

`known.json` lists what is not equal. A case that is listed and has become better fails too, so the
list says what is.
"""

import json
from pathlib import Path

import pytest

from local_aws.client import EmbeddedAws
from tests.conformance.outcomes import outcome
from tests.conformance.playing import play
from tests.conformance.rates import known_outcomes, table
from tests.conformance.recordings import MachineCase, PatternCase, folder, read
from tests.support.paths import PROJECT
from tests.support.roles import ROLE

KNOWN: dict[str, dict[str, str]] = json.loads(
    (Path(__file__).parent / "known.json").read_text("utf-8")
)
CASES = read()


def test_there_are_recordings() -> None:
    assert CASES, f"{folder()} holds no recordings: name their folder in CONFORMANCE"


def test_every_known_difference_is_of_a_recording() -> None:
    assert not KNOWN.keys() - {case.name for case in CASES}


def test_the_documentation_has_todays_rates() -> None:
    text = (PROJECT / "docs" / "embedded-aws.md").read_text("utf-8")
    for row in table({"here": known_outcomes(KNOWN)}).splitlines()[2:]:
        assert row in text


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_answer_is_the_recorded_one(
    case: MachineCase | PatternCase, embedded_aws: EmbeddedAws
) -> None:
    differences = play(case, embedded_aws.client, ROLE)
    known = KNOWN.get(case.name, {"outcome": "equal"})
    found = "\n".join(map(str, differences))
    assert outcome(differences) == known["outcome"], f"{known.get('reason', '')}\n{found}"
