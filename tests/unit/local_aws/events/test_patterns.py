"""Which events a pattern matches: every comparison, and the corners of JSON."""

from typing import Any

import pytest
from moto.events.exceptions import InvalidEventPatternException

from local_aws.events.patterns import check, matches, read

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
        {"detail.status": ["FAILED"]},
        {"detail": {"parts.kind": ["test"]}},
        {"detail": {"status": ["other"]}, "detail.status": ["FAILED"]},
        {"detail": {"empty": [{"exists": False}]}},
        {"detail": {"parts": [{"exists": False}]}},
        {"detail": {"parts": {"kind": ["test"], "weight": [{"exists": False}]}}},
        {"detail": {"status": [{"exactly": "FAILED"}]}},
        {"detail": {"status": [{"anything-but": {"equals-ignore-case": ["running", "x"]}}]}},
        {"detail": {"status": [{"anything-but": {"wildcard": "*ING"}}]}},
        {"detail": {"count": [{"anything-but": {"prefix": "3"}}]}},
        {"detail": {"gone": [{"anything-but": "x"}, {"exists": False}]}},
        {"detail": {"name": [{"wildcard": "*-*"}]}},
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
        {"$or": {"source": ["aws.states"]}},
        {"detail.status": {"deeper": ["FAILED"]}},
        {"detail": {"status": ["FAILED"]}, "detail.status": ["other"]},
        {"detail": {"empty": [{"exists": True}]}},
        {"detail": {"parts": {"kind": ["test"], "weight": [{"exists": True}]}}},
        {"detail": {"parts": {"weight": [{"exists": False}], "size": [3]}}},
        {"detail": {"parts": {"kind": [{"exists": False}]}}},
        {"detail": {"ip": [{"cidr": "2001:db8::/32"}]}},
        {"detail": {"count": [{"cidr": "0.0.0.0/0"}]}},
        {"detail": {"name": [{"wildcard": "Fashion-MNIST*T"}]}},
    ],
)
def test_a_pattern_that_does_not_match(pattern: dict[str, Any]) -> None:
    check(pattern)
    assert not matches(pattern, EVENT)


def test_dots_join_the_names_of_an_event_too() -> None:
    assert matches({"detail": {"state": {"status": ["on"]}}}, {"detail": {"state.status": "on"}})


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ({}, "Empty objects are not allowed"),
        ([], "Filter is not an object"),
        ({"a": "b"}, '"a" must be an object or an array'),
        ({"a": {"b": 1}}, '"b" must be an object or an array'),
        ({"a": []}, "Empty arrays are not allowed"),
        ({"a": {}}, "Empty objects are not allowed"),
        ({"a": [["b"]]}, "Match value must be String, number, true, false, or null"),
        ({"a": [{}]}, "Match expression name not found"),
        ({"a": [{"PREFIX": "b"}]}, "Unrecognized match type PREFIX"),
        ({"a": [{"prefix": "b", "suffix": "s"}]}, "Only one key allowed in match expression"),
        ({"$or": [{"a": ["b"]}]}, "Unrecognized match type a"),
        ({"$or": [{"a": ["b"]}, {}]}, "Empty objects are not allowed"),
        (
            {str(n): {"$or": [{"a": ["b"]}] * 11} for n in range(3)},
            "$or results in more than 1000 rule combinations",
        ),
        (
            {"a": [{"wildcard": "*:stack/A/*"}] * 4},
            "Rule is too complex - try using fewer wildcard characters or fewer repeating character"
            " sequences after a wildcard character",
        ),
    ],
)
def test_what_eventbridge_refuses(pattern: Any, reason: str) -> None:
    with pytest.raises(InvalidEventPatternException) as refused:
        check(pattern)

    assert (
        reason is None or refused.value.message == f"Event pattern is not valid. Reason: {reason}"
    )


_NESTED = "Value of anything-but must be an array or single string/number value."
_MIXED = (
    "Inside anything but list, either all values are number or string, mixed type is not supported"
)
_TOO_LARGE = "Value must be between -5.0E9 and 5.0E9, inclusive"


@pytest.mark.parametrize(
    ("comparison", "reason"),
    [
        ({"prefix": 5}, "prefix match pattern must be a string"),
        ({"prefix": ["b"]}, "prefix match pattern must be a string"),
        ({"prefix": {}}, "Prefix expression name not found"),
        ({"prefix": {"suffix": "b"}}, "Unsupported prefix pattern: suffix"),
        (
            {"prefix": {"equals-ignore-case": 1}},
            "equals-ignore-case match pattern must be a string",
        ),
        ({"suffix": None}, "suffix match pattern must be a string"),
        ({"equals-ignore-case": ["b"]}, "equals-ignore-case match pattern must be a string"),
        ({"exists": "true"}, "exists match pattern must be either true or false."),
        ({"wildcard": ["*"]}, "wildcard match pattern must be a string"),
        ({"wildcard": "a**"}, "Consecutive wildcard characters at pos 2"),
        ({"wildcard": r"é\b"}, "Invalid escape character at pos 3"),
        ({"cidr": ["10.0.0.0/8"]}, "prefix match pattern must be a string"),
        ({"cidr": "10.0.0.0"}, "Malformed CIDR, one '/' required"),
        ({"cidr": "10.0.0.0/8/8"}, "Malformed CIDR, one '/' required"),
        ({"cidr": "10.0.0.0/a"}, "Malformed CIDR, mask bits must be an integer"),
        ({"cidr": "10.0.0.0/-1"}, "Malformed CIDR, mask bits must not be negative"),
        ({"cidr": "10.0.0/8"}, "Nonstandard IP address: 10.0.0"),
        ({"cidr": "10.0.0.1/32"}, "IPv4 mask bits must be < 32"),
        ({"cidr": "::1/128"}, "IPv6 mask bits must be < 128"),
        ({"numeric": 5}, "Value of numeric must be an array."),
        ({"numeric": []}, "Invalid member in numeric match: ]"),
        ({"numeric": [5]}, "Invalid member in numeric match: 5"),
        ({"numeric": [[">", 5]]}, "Invalid member in numeric match: ["),
        ({"numeric": ["!=", 5]}, "Unrecognized numeric range operator: !="),
        ({"numeric": ["="]}, "Value of equals must be numeric"),
        ({"numeric": [">", "5"]}, "Value of > must be numeric"),
        ({"numeric": [">", True]}, "Value of > must be numeric"),
        ({"numeric": ["<", 5, ">", 1]}, "Too many elements in numeric expression"),
        ({"numeric": [">", 1, 5]}, "Bad value in numeric range: 5"),
        ({"numeric": [">", 1, ">", 5]}, "Bad numeric range operator: >"),
        ({"numeric": [">", 1, "<"]}, "Value of < must be numeric"),
        ({"numeric": [">", 1, "<", 5, "<"]}, "Too many terms in numeric range expression"),
        ({"numeric": [">", 5, "<", 1]}, "Bottom must be less than top"),
        ({"numeric": ["<", 6e9]}, _TOO_LARGE),
        ({"anything-but": None}, _NESTED),
        ({"anything-but": True}, _NESTED),
        ({"anything-but": []}, _MIXED),
        ({"anything-but": ["b", 1]}, _MIXED),
        ({"anything-but": [6e9]}, _TOO_LARGE),
        ({"anything-but": 6e9}, _TOO_LARGE),
        (
            {"anything-but": ["b", None]},
            "Inside anything but list, start|null|boolean is not supported.",
        ),
        ({"anything-but": {}}, "Anything-But expression name not found"),
        ({"anything-but": {"exists": True}}, "Unsupported anything-but pattern: exists"),
        ({"anything-but": {"prefix": {"equals-ignore-case": "b"}}}, _NESTED),
        ({"anything-but": {"prefix": ""}}, "Null prefix/suffix not allowed"),
        ({"anything-but": {"suffix": ["b", 1]}}, "prefix/suffix match pattern must be a string"),
        ({"anything-but": {"wildcard": 5}}, "wildcard match pattern must be a string"),
        ({"anything-but": {"wildcard": "**"}}, "Consecutive wildcard characters at pos 1"),
        (
            {"anything-but": {"equals-ignore-case": [1]}},
            "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not"
            " supported.",
        ),
        (
            {"anything-but": {"prefix": "b", "suffix": "b"}},
            "Too many elements in numeric expression",
        ),
    ],
)
def test_operands_that_eventbridge_refuses(comparison: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidEventPatternException) as refused:
        check({"a": [comparison]})

    assert refused.value.message == f"Event pattern is not valid. Reason: {reason}"


@pytest.mark.parametrize(
    "comparison",
    [
        {"prefix": ""},
        {"suffix": {"equals-ignore-case": "b"}},
        {"wildcard": ""},
        {"wildcard": "/Users/*/dir/dir/dir/dir/dir/doc.txt"},
        {"cidr": "10.0.0.1/24"},
        {"cidr": "2001:db8:1234:1a00::/64"},
        {"numeric": [">=", -1.5, "<=", 5e9]},
        {"anything-but": 3},
        {"anything-but": {"equals-ignore-case": "b"}},
        {"anything-but": {"wildcard": ""}},
    ],
)
def test_operands_that_eventbridge_takes(comparison: dict[str, Any]) -> None:
    check({"a": [comparison]})


@pytest.mark.parametrize("text", ["", "{", "NaN", '{"a": [NaN]}', '{"a":' * 2000])
def test_a_pattern_that_is_no_json(text: str) -> None:
    with pytest.raises(InvalidEventPatternException):
        read(text)


def test_a_star_of_a_wildcard_may_be_meant() -> None:
    assert matches({"key": [{"wildcard": r"a\*b*"}]}, {"key": "a*bc"})
    assert not matches({"key": [{"wildcard": r"a\*b*"}]}, {"key": "axbc"})
