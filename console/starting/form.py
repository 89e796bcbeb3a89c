"""The form that starts an execution: its fields, from the schema, and what was typed into them.

The function that checks is the Lambda's own, so the form accepts exactly what the Lambda does.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from console.starting.deployed import Defaults
from lambdas.errors import InvalidInputError
from lambdas.runs import input as run_input

# Of these the console knows better than whoever fills in a form, or has a control of their own.
_NOT_ASKED = ("dataset", "fingerprint", "requested_by", "trigger", "reproduce")

Path = tuple[str, ...]


@dataclass(frozen=True)
class Field:
    """One value of an execution's input; `path` leads to it, `kind` is JSON Schema's type."""

    path: Path
    title: str
    description: str
    kind: str
    default: bool | int | float | str

    @property
    def text(self) -> str:
        """The default as one would type it."""
        return self.default if isinstance(self.default, str) else json.dumps(self.default)

    def typed(self, given: str | bool) -> Any:
        """What was typed as JSON has it; text that is no number stays, and is refused as such."""
        if self.kind not in ("integer", "number") or isinstance(given, bool):
            return given
        try:
            return float(given) if self.kind == "number" else int(given)
        except ValueError:
            return given


@dataclass(frozen=True)
class Group:
    """Fields that belong together; those of the input itself have no title."""

    title: str
    description: str
    fields: tuple[Field, ...]


def groups(defaults: Defaults) -> tuple[Group, ...]:
    """Every field that a person may fill in, as the schema has them."""
    schema = run_input.schema(defaults.hyperparameters, defaults.bounds)
    known = {"instance_types": defaults.instance_types}
    single: list[Field] = []
    found: list[Group] = []
    for name, about in schema["properties"].items():
        if name in _NOT_ASKED:
            continue
        if about["type"] == "object":
            given = known.get(name, {})
            fields = [
                _field((name, inner), each, given.get(inner))
                for inner, each in about["properties"].items()
            ]
            found.append(Group(about["title"], about["description"], tuple(fields)))
        else:
            single.append(_field((name,), about))
    return (*found, Group("", "", tuple(single)))


def execution_input(
    fields: Iterable[Field], typed: Mapping[Path, str | bool], dataset: str
) -> dict[str, Any]:
    """The input that says what was changed; what is as it is deployed is left to the deployment."""
    asked: dict[str, Any] = {"dataset": dataset} if dataset else {}
    for field in fields:
        value = field.typed(typed[field.path])
        if (type(value), value) != (type(field.default), field.default):
            _put(asked, field.path, value)
    return asked


def problems(
    asked: Mapping[str, Any], fields: Iterable[Field], defaults: Defaults
) -> dict[Path, str]:
    """What the Lambda would refuse, by field; of the input as a whole at the empty path."""
    found = {}
    for path in [("dataset",), *(field.path for field in fields)]:
        alone: dict[str, Any] = {}
        try:
            _put(alone, path, _get(asked, path))
        except KeyError:
            continue
        if problem := _problem(alone, defaults):
            found[path] = problem.removeprefix(f"{'.'.join(path)}: ")
    if not found and (problem := _problem(asked, defaults)):
        found[()] = problem
    return found


def problem_of(field: Field, defaults: Defaults, typed: str) -> str | None:
    """What the Lambda would refuse of one field, None if nothing."""
    asked = execution_input([field], {field.path: typed}, "")
    return problems(asked, [field], defaults).get(field.path)


def _problem(asked: Mapping[str, Any], defaults: Defaults) -> str:
    try:
        run_input.parse(dict(asked), defaults.hyperparameters, defaults.bounds)
    except InvalidInputError as error:
        return str(error)
    return ""


def _field(path: Path, about: Mapping[str, Any], deployed: str | None = None) -> Field:
    nothing: bool | str = False if about["type"] == "boolean" else ""
    default = about.get("default", nothing) if deployed is None else deployed
    return Field(path, about["title"], about["description"], about["type"], default)


def _put(whole: dict[str, Any], path: Path, value: Any) -> None:
    for name in path[:-1]:
        whole = whole.setdefault(name, {})
    whole[path[-1]] = value


def _get(whole: Mapping[str, Any], path: Path) -> Any:
    for name in path[:-1]:
        whole = whole[name]
    return whole[path[-1]]
