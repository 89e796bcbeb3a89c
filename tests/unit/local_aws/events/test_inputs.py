"""What a target is sent."""

import json
from typing import Any

import pytest

from local_aws.events.inputs import InvalidInputError, input_of, unknown_names

EVENT: dict[str, Any] = {
    "id": "1",
    "time": "2026-11-23T13:16:50Z",
    "detail-type": "Order",
    "source": "shop",
    "detail": {
        "name": "a b",
        "quotes": 'a "b"',
        "count": 2,
        "items": [{"sku": "x"}, {"sku": "y"}],
        "none": None,
    },
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
        ("$.detail.items[*].sku", '["x","y"]'),
        ("$.detail.none[*]", "[]"),
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
        "name": "a b",
        "line": "2 of a b",
        "items": [{"sku": "x"}, {"sku": "y"}],
        "gone": "",
    }


def test_a_list_or_an_object_in_a_text_loses_its_quotes() -> None:
    text = transformed(
        '{"line": "<items> and <item>"}', items="$.detail.items", item="$.detail.items[0]"
    )

    assert text == '{"line": "[{sku:x},{sku:y}] and {sku:x}"}'


@pytest.mark.parametrize(
    "template",
    ['{"line": "<quotes>"}', '{"items": "<items>", <count>}', '{"count": is <count>}', '"<count>'],
)
def test_what_is_no_json_is_not_sent(template: str) -> None:
    with pytest.raises(InvalidInputError):
        transformed(
            template, quotes="$.detail.quotes", items="$.detail.items", count="$.detail.count"
        )


def test_a_template_may_be_a_text() -> None:
    assert transformed(
        '"<type> at <when><gone>"', type="$.detail-type", when="$.time", gone="$.x"
    ) == ('"Order at 2026-11-23T13:16:50Z"')


def test_a_template_may_be_several_lines_of_text() -> None:
    text = transformed('"<type>"\n"at <when>"', type="$.detail-type", when="$.time")

    assert text == '"Order"\n"at 2026-11-23T13:16:50Z"'


def test_reserved_variables_need_no_path() -> None:
    target = {
        "InputTransformer": {
            "InputTemplate": '{"rule": "<aws.events.rule-name>", "arn": <aws.events.rule-arn>, '
            '"all": <aws.events.event.json>, "event": <aws.events.event>, '
            '"at": <aws.events.event.ingestion-time>}'
        }
    }

    text = input_of(target, EVENT, RULE, "2026-11-23T13:16:51Z")

    assert json.loads(text) == {
        "rule": "orders",
        "arn": RULE,
        "all": EVENT,
        "event": {
            "id": "1",
            "time": "2026-11-23T13:16:50Z",
            "detailType": "Order",
            "source": "shop",
        },
        "at": "2026-11-23T13:16:51Z",
    }


def test_names_that_are_in_no_map_are_told() -> None:
    transformer = {
        "InputPathsMap": {"known": "$.id"},
        "InputTemplate": '"1 < 2, <known>, <unknown> of <aws.events.rule-name>"',
    }

    assert list(unknown_names(transformer)) == ["unknown"]
    assert transformed('"1 < 2"') == '"1 < 2"'
