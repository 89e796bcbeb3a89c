"""Which events a pattern matches: every comparison, and the corners of JSON."""

from typing import Any

import pytest
from moto.events.exceptions import InvalidEventPatternException

from local_aws.events.patterns import check, matches

EVENT: dict[str, Any] = {
    "source": "aws.states",
    "resources": ["arn:aws:states:a", "arn:aws:states:b"],
    "detail": {
        "status": "FAILED",
        "name": "Fashion-MNIST",
        "count": 3,
        "flag": True,
        "nothing": None,
        "empty": [],
        "ip": "10.0.0.7",
        "parts": [{"kind": "train", "size": 1}, {"kind": "test", "size": 2}],
    },
}


@pytest.mark.parametrize(
    "pattern",
    [
        {"source": ["aws.states", "aws.s3"]},
        {"resources": ["arn:aws:states:b"]},
        {"detail": {"status": ["FAILED", "TIMED_OUT", "ABORTED"]}},
        {"detail": {"status": [{"prefix": "FAIL"}]}},
        {"resources": [{"prefix": "arn:aws:states:"}]},
        {"detail": {"name": [{"prefix": {"equals-ignore-case": "fashion"}}]}},
        {"detail": {"name": [{"suffix": "MNIST"}]}},
        {"detail": {"name": [{"equals-ignore-case": "fashion-mnist"}]}},
        {"detail": {"name": [{"wildcard": "F*-*T"}]}},
        {"detail": {"status": [{"anything-but": "SUCCEEDED"}]}},
        {"detail": {"status": [{"anything-but": ["SUCCEEDED", "RUNNING"]}]}},
        {"detail": {"status": [{"anything-but": {"prefix": "SUCC"}}]}},
        {"detail": {"status": [{"anything-but": {"suffix": ["ING", "OUT"]}}]}},
        {"detail": {"count": [{"numeric": [">", 2, "<=", 3]}]}},
        {"detail": {"count": [3]}},
        {"detail": {"count": [3.0]}},
        {"detail": {"flag": [True]}},
        {"detail": {"nothing": [None]}},
        {"detail": {"nothing": [{"exists": True}]}},
        {"detail": {"gone": [{"exists": False}]}},
        {"gone": {"deeper": [{"exists": False}]}},
        {"detail": {"ip": [{"cidr": "10.0.0.0/24"}]}},
        {"detail": {"parts": {"kind": ["test"], "size": [2]}}},
        {"$or": [{"source": ["other"]}, {"detail": {"count": [3]}}]},
        {"detail": {"$or": [{"status": ["other"]}, {"count": [3]}]}},
        {"detail": {"status": ["other", {"prefix": "F"}]}},
    ],
)
def test_a_pattern_that_matches(pattern: dict[str, Any]) -> None:
    check(pattern)
    assert matches(pattern, EVENT)


@pytest.mark.parametrize(
    "pattern",
    [
        {"source": ["aws"]},
        {"source": ["aws.states"], "detail": {"status": ["SUCCEEDED"]}},
        {"detail": {"status": [{"prefix": "fail"}]}},
        {"detail": {"status": [{"anything-but": ["FAILED"]}]}},
        {"detail": {"status": [{"anything-but": {"prefix": "FAIL"}}]}},
        {"detail": {"gone": [{"anything-but": "x"}]}},
        {"detail": {"gone": [None]}},
        {"detail": {"nothing": [{"exists": False}]}},
        {"detail": [{"exists": True}]},
        {"detail": {"flag": [1]}},
        {"detail": {"flag": [{"numeric": ["=", 1]}]}},
        {"detail": {"count": [True]}},
        {"detail": {"count": ["3"]}},
        {"detail": {"count": [{"numeric": [">", 3]}]}},
        {"detail": {"empty": ["x"]}},
        {"detail": {"ip": [{"cidr": "10.0.1.0/24"}]}},
        {"detail": {"name": [{"wildcard": "F*N"}]}},
        {"detail": {"parts": {"kind": ["test"], "size": [1]}}},
        {"detail": {"status": {"deeper": ["FAILED"]}}},
        {"$or": [{"source": ["other"]}, {"detail": {"count": [4]}}]},
    ],
)
def test_a_pattern_that_does_not_match(pattern: dict[str, Any]) -> None:
    check(pattern)
    assert not matches(pattern, EVENT)


@pytest.mark.parametrize(
    "pattern",
    [
        {},
        [],
        {"source": "aws.states"},
        {"source": []},
        {"detail": {}},
        {"source": [{"begins-with": "aws"}]},
        {"source": [{"prefix": "a", "suffix": "s"}]},
        {"source": [["aws.states"]]},
    ],
)
def test_what_eventbridge_refuses(pattern: Any) -> None:
    with pytest.raises(InvalidEventPatternException):
        check(pattern)


def test_a_star_of_a_wildcard_may_be_meant() -> None:
    assert matches({"key": [{"wildcard": r"a\*b*"}]}, {"key": "a*bc"})
    assert not matches({"key": [{"wildcard": r"a\*b*"}]}, {"key": "axbc"})
