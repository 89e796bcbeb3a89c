"""An update of a stack in AWS's order: what others need first, what is removed last.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks.html
moto removes first, then adds, then changes, whatever needs what.
"""

import re
from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from moto.cloudformation.parsing import ResourceMap

Resources = Mapping[str, dict[str, Any]]
_NAMED_IN_A_TEXT = re.compile(r"\$\{([A-Za-z0-9]+)[.}]")


def update(
    stack: "ResourceMap", template: dict[str, Any], parameters: dict[str, Any] | None = None
) -> None:
    """Make and change what the template says, each after what it names; then remove the rest.

    What the template of before asks to retain stays, and is the stack's no more.
    """
    changes = stack.build_resource_diff(template, parameters)
    before = stack._resource_json_map
    made: Resources = {}
    _take(stack, template, parameters)
    try:
        for name in in_order(template["Resources"]):
            if name in changes["Add"]:
                stack[name]
            elif name in changes["Modify"]:
                _modify(stack, name)
            made = {**made, name: template["Resources"][name]}
    except Exception:
        _keep_what_was_made(stack, {**before, **made})
        raise
    for name in reversed(in_order(before)):
        if name in changes["Remove"]:
            _remove(stack, name, before[name])


def _keep_what_was_made(stack: "ResourceMap", made: Resources) -> None:
    """Leave the stack with what it has, so that another update makes the rest."""
    there = stack._parsed_resources
    stack._resource_json_map = {name: each for name, each in made.items() if name in there}


def in_order(resources: Resources) -> list[str]:
    """Return the names of the resources, each after those that it refers to."""
    needed = {
        name: {other for other in _named(resource) if other in resources and other != name}
        for name, resource in resources.items()
    }
    return list(TopologicalSorter(needed).static_order())


def _named(value: Any) -> Iterator[str]:
    """Yield what DependsOn, Ref, Fn::GetAtt and Fn::Sub name."""
    match value:
        case dict():
            for key, item in value.items():
                yield from _named_by(key, item)
                yield from _named(item)
        case list():
            for item in value:
                yield from _named(item)


def _named_by(key: str, item: Any) -> Iterator[str]:
    texts = [text for text in (item if isinstance(item, list) else [item]) if isinstance(text, str)]
    if key in ("Ref", "DependsOn"):
        yield from texts
    elif key == "Fn::GetAtt" and texts:
        yield texts[0].partition(".")[0]
    elif key == "Fn::Sub" and texts:
        yield from _NAMED_IN_A_TEXT.findall(texts[0])


def _take(
    stack: "ResourceMap", template: dict[str, Any], parameters: dict[str, Any] | None
) -> None:
    stack._template = template
    if parameters:
        stack.input_parameters = parameters
    stack.load_mapping()
    stack.load_parameters()
    stack.load_conditions()
    stack._resource_json_map = template["Resources"]


def _modify(stack: "ResourceMap", name: str) -> None:
    from moto.cloudformation import parsing  # noqa: PLC0415 (it imports half of moto: a second)

    changed = parsing.parse_and_update_resource(
        name,
        stack._resource_json_map[name],
        stack,
        account_id=stack._account_id,
        region_name=stack._region_name,
    )
    stack._parsed_resources[name] = changed


def _remove(stack: "ResourceMap", name: str, resource: dict[str, Any]) -> None:
    made = stack._parsed_resources.pop(name, None)
    if made is not None and resource.get("DeletionPolicy") != "Retain":
        stack._delete_resource(made, resource)
