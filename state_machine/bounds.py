"""What each hyperparameter may be, as the scripts of the jobs declare it.

`hyperparameters.json` beside the scripts has JSON Schema's keywords by the name of the
hyperparameter. The training reads the same file, so no value is accepted here that it refuses.
Scripts without the file, and hyperparameters that it does not name, have no bounds.
"""

import ast
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from lambdas.boundary import strict_json
from lambdas.errors import InvalidInputError
from lambdas.runs import input as run_input
from lambdas.runs.input import Hyperparameter

FILE = "hyperparameters.json"

Number = int | float
Bounds = dict[str, dict[str, Any]]


class Bound(BaseModel):
    """One hyperparameter. `key_of` is "FILE:NAME", a dict of that script whose keys are allowed."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    type: Literal["integer", "number", "string", "boolean"]
    minimum: Number | None = None
    maximum: Number | None = None
    exclusiveMinimum: Number | None = None
    exclusiveMaximum: Number | None = None
    enum: Annotated[list[str | Number], Field(min_length=1)] | None = None
    key_of: Annotated[str, Field(pattern=r"^[^:]+\.py:[A-Za-z_]\w*$")] | None = None


_FILE: TypeAdapter[dict[str, Bound]] = TypeAdapter(dict[str, Bound])


def declared(sources: Mapping[str, Path]) -> Bounds:
    """Return the bounds that a bundle of these files declares, as JSON Schema.

    `sources` are the bundle's files by their names in it. Raises ValueError, which names the file.
    """
    if FILE not in sources:
        return {}
    try:
        found = strict_json.parse(sources[FILE].read_bytes())
        bounds = _FILE.validate_json(json.dumps(found))
    except ValidationError as error:
        first = error.errors()[0]
        where = ": ".join(filter(None, [str(sources[FILE]), ".".join(map(str, first["loc"]))]))
        raise ValueError(f"{where}: {first['msg']}") from None
    except ValueError as error:
        raise ValueError(f"{sources[FILE]}: {error}") from None
    return {name: _schema(bound, sources) for name, bound in bounds.items()}


def problem(values: Mapping[str, Hyperparameter], bounds: Bounds) -> str:
    """Say which value is out of its bounds, as the input of an execution is told; empty if none."""
    known = {name: value for name, value in values.items() if name in bounds}
    # A script reads the text of a value, and "3.0" is no whole number there.
    for name, value in known.items():
        if bounds[name]["type"] == "integer" and isinstance(value, float):
            return f"hyperparameters.{name}: found {value}, expected a whole number"
    try:
        run_input.parse({"hyperparameters": known}, known, bounds)
    except InvalidInputError as error:
        return str(error)
    return ""


def _schema(bound: Bound, sources: Mapping[str, Path]) -> dict[str, Any]:
    schema = bound.model_dump(exclude_none=True, exclude={"key_of"})
    if bound.key_of is None:
        return schema
    file, name = bound.key_of.split(":")
    keys = _keys(sources[file], name) if file in sources else []
    return schema | ({"enum": keys} if keys else {})


def _keys(script: Path, name: str) -> list[str]:
    """Return the keys of the dict that a script assigns to `name`, as far as they are literals.

    None where they are not, or where the script cannot be read: then the job alone knows them.
    """
    try:
        tree = ast.parse(script.read_bytes())
    except (SyntaxError, ValueError):
        return []
    for node in tree.body:
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=found)], value=ast.Dict(keys=keys))
                | ast.AnnAssign(target=ast.Name(id=found), value=ast.Dict(keys=keys))
            ) if found == name:
                texts = [key.value for key in keys if isinstance(key, ast.Constant)]
                known = len(texts) == len(keys) and all(isinstance(text, str) for text in texts)
                return [str(text) for text in texts] if known else []
    return []
