"""What a template may hold: it is refused by name before anything of it is made.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html

What this restores of AWS's behaviour, where moto 5.2 differs:

- A type that is not there, and one that a transform would replace, is refused. moto passes over it
  with a warning, and the stack says that it is complete.
- What Ref and Fn::GetAtt name has to be in the template; moto answers HTTP 500.
- Fn::GetAtt may be one text, and its attribute a Ref.
- ValidateTemplate tells the parameters, and the transforms.
"""

from collections.abc import Iterator
from typing import Any

from local_aws.cloudformation.kinds import KINDS
from local_aws.wrapping import Original, wrap

_SERVERLESS = "AWS::Serverless::"


def install() -> None:
    """Check templates where moto has read them."""
    from moto.cloudformation import parsing  # noqa: PLC0415 (see engine)
    from moto.cloudformation.models import ChangeSet, Stack  # noqa: PLC0415
    from moto.cloudformation.responses import CloudFormationResponse  # noqa: PLC0415

    for owner in (Stack, ChangeSet):
        wrap(owner, "_parse_template", _parse)
    wrap(parsing, "clean_json", _clean)
    wrap(CloudFormationResponse, "validate_template", _validate)


def check(template: Any) -> None:
    """Raise moto's ValidationError for a template that cannot be made here, in AWS's words."""
    resources = template.get("Resources") if isinstance(template, dict) else None
    if not resources:
        raise _invalid("Template format error: At least one Resources member must be defined.")
    if transforms := declared_transforms(template):
        raise _invalid(f"The embedded AWS has no transform {', '.join(transforms)}.")
    types = sorted({str(resource.get("Type")) for resource in resources.values()})
    if unknown := [each for each in types if not _is_known(each)]:
        raise _invalid(f"Template format error: Unrecognized resource types: {unknown_of(unknown)}")
    there = {*resources, *template.get("Parameters", {})}
    missing = {name for name in _named(resources) if "::" not in name} - there
    if missing:
        named = ", ".join(sorted(missing))
        raise _invalid(
            f"Template format error: Unresolved resource dependencies [{named}] in the Resources "
            "block of the template"
        )


def unknown_of(types: list[str]) -> str:
    """Return the types as AWS's text has them, with a word on those that a transform replaces."""
    named = f"[{', '.join(types)}]"
    serverless = any(each.startswith(_SERVERLESS) for each in types)
    return f"{named} (the embedded AWS has no transform of SAM)" if serverless else named


def declared_transforms(template: dict[str, Any]) -> list[str]:
    """Return the transforms that the template as a whole asks for, by name."""
    declared = template.get("Transform") or []
    listed = declared if isinstance(declared, list) else [declared]
    return [each["Name"] if isinstance(each, dict) else str(each) for each in listed]


def _is_known(name: str) -> bool:
    from moto.cloudformation.parsing import NULL_MODELS, get_model_map  # noqa: PLC0415

    return (
        name in KINDS
        or name in NULL_MODELS
        or name.startswith("Custom::")
        or name in get_model_map()
    )


def _named(value: Any) -> Iterator[str]:
    """Yield what Ref and Fn::GetAtt name."""
    match value:
        case {"Ref": str(name)}:
            yield name
        case {"Fn::GetAtt": [str(name), *rest]}:
            yield name
            yield from _named(rest)
        case {"Fn::GetAtt": str(text)}:
            yield text.partition(".")[0]
        case dict():
            for item in value.values():
                yield from _named(item)
        case list():
            for item in value:
                yield from _named(item)


def _parse(original: Original, owner: Any) -> None:
    original(owner)
    owner.template_dict = _with_attributes_apart(owner.template_dict)
    check(owner.template_dict)


def _with_attributes_apart(value: Any) -> Any:
    """Return the template with each Fn::GetAtt as a list."""
    match value:
        case {"Fn::GetAtt": str(text)}:
            return {"Fn::GetAtt": text.split(".", 1)}
        case dict():
            return {key: _with_attributes_apart(item) for key, item in value.items()}
        case list():
            return [_with_attributes_apart(item) for item in value]
    return value


def _clean(original: Original, value: Any, resources: Any) -> Any:
    match value:
        case {"Fn::GetAtt": [name, dict() as attribute]}:
            return original({"Fn::GetAtt": [name, original(attribute, resources)]}, resources)
    return original(value, resources)


def _validate(original: Original, response: Any) -> Any:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ValidateTemplate.html"""
    from moto.cloudformation.models import Stack  # noqa: PLC0415 (see engine)

    body, url = response._get_param("TemplateBody"), response._get_param("TemplateURL")
    template = Stack.parse_template(response._get_stack_from_s3_url(url) if url else body)
    answer = original(response)
    answer.result["Parameters"] = [
        _parameter(name, slot) for name, slot in template.get("Parameters", {}).items()
    ]
    answer.result["DeclaredTransforms"] = declared_transforms(template)
    return answer


def _parameter(name: str, slot: dict[str, Any]) -> dict[str, Any]:
    default = {"DefaultValue": str(slot["Default"])} if "Default" in slot else {}
    described = {"Description": slot["Description"]} if "Description" in slot else {}
    hidden = str(slot.get("NoEcho", False)).lower() == "true"
    return {"ParameterKey": name, **default, "NoEcho": hidden, **described}


def _invalid(message: str) -> Exception:
    from moto.cloudformation.exceptions import ValidationError  # noqa: PLC0415 (see engine)

    return ValidationError(message=message)
