"""What a target is sent."""

import json
from typing import Any

import pytest

from local_aws.events.inputs import input_of

EVENT: dict[str, Any] = {
    "id": "1",
    "time": "2026-11-23T13:16:50Z",
    "detail-type": "Order",
    "source": "shop",
    "detail": {"name": 'a "b"', "count": 2, "items": [{"sku": "x"}, {"sku": "y"}], "none": None},
}
RULE = "arn:aws:events:us-east-1:123456789012:rule/orders"


def sent(**target: Any) -> str:
    return input_of(target, EVENT, RULE)


def transformed(template: str, **paths: str) -> str:
    return sent(InputTransformer={"InputPathsMap": paths, "InputTemplate": template})


def test_the_whole_event_is_sent_if_nothing_else_is_asked() -> None:
    assert json.loads(sent()) == EVENT


def test_a_constant_is_sent_as_it_is() -> None:
    assert sent(Input='{"a": 1}') == '{"a": 1}'


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("$", json.dumps(EVENT, separators=(",", ":"))),
        ("$.detail-type", '"Order"'),
        ("$.detail.count", "2"),
        ("$.detail.items[1].sku", '"y"'),
        ("$.detail['count']", "2"),
        ("$.detail.none", "null"),
    ],
)
def test_a_path_sends_a_part(path: str, text: str) -> None:
    assert sent(InputPath=path) == text


def test_a_template_that_is_json_stays_json() -> None:
    text = transformed(
        '{"name": <name>, "line": "<count> of <name>", "items": <items>, "gone": <gone>}',
        name="$.detail.name",
        count="$.detail.count",
        items="$.detail.items",
        gone="$.detail.gone",
    )

    assert json.loads(text) == {
        "name": 'a "b"',
        "line": '2 of a "b"',
        "items": [{"sku": "x"}, {"sku": "y"}],
        "gone": None,
    }


def test_a_template_may_be_a_text() -> None:
    assert transformed(
        '"<type> at <when><gone>"', type="$.detail-type", when="$.time", gone="$.x"
    ) == ('"Order at 2026-11-23T13:16:50Z"')


def test_reserved_variables_need_no_path() -> None:
    text = transformed('{"rule": "<aws.events.rule-name>", "event": <aws.events.event.json>}')

    assert json.loads(text) == {"rule": "orders", "event": EVENT}


def test_what_is_no_variable_stays() -> None:
    assert transformed('"1 < 2 and <unknown>"') == '"1 < 2 and <unknown>"'
