"""The drawing of a state machine: nothing overlaps, arrows lead down, hostile ones are none."""

import json
from itertools import combinations

import pytest

from console.executions.graph import HEIGHT, MOST, WIDTH, graph

PIPELINE = {
    "StartAt": "TakeTurn",
    "States": {
        "TakeTurn": {"Type": "Task", "Next": "Turn"},
        "Turn": {
            "Type": "Choice",
            "Choices": [{"Next": "PrepareRun"}, {"Next": "Settle"}, {"Next": "Superseded"}],
        },
        "Settle": {"Type": "Wait", "Next": "TakeTurn"},
        "PrepareRun": {"Type": "Task", "Next": "Prepared"},
        "Prepared": {
            "Type": "Choice",
            "Choices": [{"Next": name} for name in ("Preprocess", "Train", "Superseded")],
        },
        "Preprocess": {"Type": "Task", "Next": "Train"},
        "Train": {"Type": "Task", "End": True},
        "Superseded": {"Type": "Succeed"},
    },
}


def test_states_stand_one_below_the_other_in_their_order() -> None:
    drawn = graph(json.dumps(PIPELINE))
    place = {box.name: box for box in drawn.boxes}
    line = ["TakeTurn", "Turn", "PrepareRun", "Prepared", "Preprocess", "Train"]
    assert [place[name].y for name in line] == sorted(place[name].y for name in line)
    assert len({place[name].x for name in line}) == 1
    assert place["Settle"].y > place["Turn"].y  # although its arrow leads back
    assert len(drawn.paths) == 10


def test_nothing_overlaps_or_sticks_out() -> None:
    drawn = graph(json.dumps(PIPELINE))
    for one, other in combinations(drawn.boxes, 2):
        assert abs(one.x - other.x) >= WIDTH or abs(one.y - other.y) >= HEIGHT, (one, other)
    assert all(0 <= box.x <= drawn.width - WIDTH for box in drawn.boxes)
    assert all(0 <= box.y <= drawn.height - HEIGHT for box in drawn.boxes)


def machine(**states: object) -> str:
    return json.dumps({"StartAt": "A", "States": states})


@pytest.mark.parametrize(
    "definition",
    [
        "",
        "[]",
        "{}",
        machine(),
        machine(A=3),
        machine(A={"Choices": [{}]}),
        machine(**{f"S{n}": {} for n in range(MOST + 1)}),
        "[" * 100_000,
    ],
)
def test_what_cannot_be_drawn_is_left_out(definition: str) -> None:
    assert graph(definition).boxes == ()


@pytest.mark.parametrize(
    ("definition", "boxes", "paths"),
    [
        (machine(A={"Next": "A"}), 1, 1),
        (machine(A={"Next": "B"}, B={"Next": "A"}), 2, 2),
        (machine(A={"Next": "nowhere"}, B={}), 2, 0),
        (json.dumps({"StartAt": "nowhere", "States": {"A": {}}}), 1, 0),
    ],
)
def test_circles_and_loose_ends_are_drawn(definition: str, boxes: int, paths: int) -> None:
    drawn = graph(definition)
    assert (len(drawn.boxes), len(drawn.paths)) == (boxes, paths)
