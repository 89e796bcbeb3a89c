from typing import Any

import pytest
from moto.stepfunctions.parser.asl.utils.json_path import NoSuchJsonPathError

from local_aws.stepfunctions.language.paths import extract

DATA = {"m": [{"v": 0.05, "w": [7]}, {"v": 1}], "a b": {"c": None}, "one": [{"v": 2}]}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$.m[0].v", 0.05),
        ("$.m[0]", DATA["m"][0]),
        ("$.m[0].w[0]", 7),
        ("$['m'][1]['v']", 1),
        ("$['a b'].c", None),
        ("$.m[*].v", [0.05, 1]),
        ("$.one[*].v", [2]),
        ("$.one[?(@.v==2)].v", [2]),
        ("$.one[?(@.v==3)]", []),
        ("$..c", [None]),
        ("$..nothing", []),
        ("$.nothing[*].v", []),
        ("$.m[0].nothing[1:]", []),
        ("$.one[*].v[0]", []),
        ("$.m[*].w[0]", 7),
        ("$.m[0,1]", DATA["m"]),
    ],
)
def test_a_definite_path_gives_a_value_and_any_other_a_list(path: str, value: Any) -> None:
    assert extract(path, DATA) == value


@pytest.mark.parametrize("path", ["$.nothing", "$.m[5]", "$.m[0].nothing", "$[1:]"])
def test_what_a_definite_path_does_not_find_is_an_error(path: str) -> None:
    with pytest.raises(NoSuchJsonPathError):
        extract(path, DATA)
