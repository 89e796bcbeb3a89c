"""The functions' environment as one typed value."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from lambdas.errors import SettingsError
from lambdas.runs.input import Bounds, Hyperparameter


@dataclass(frozen=True)
class Settings:
    """What the deployment tells the functions that start executions."""

    bucket: str
    state_machine_arn: str
    dataset_prefix: str  # with its trailing slash: "raw_data/"
    required_files: tuple[str, ...]
    hyperparameters: Mapping[str, Hyperparameter]  # the defaults of pipeline.toml
    bounds: Bounds = field(default_factory=dict)  # of hyperparameters, as the scripts declare them

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """Read the ``RETRAIN_*`` variables of ``environ``.

        Raises SettingsError naming the variable, what was found and what was expected.
        """
        return cls(
            bucket=_text(environ, "RETRAIN_BUCKET"),
            state_machine_arn=_text(environ, "RETRAIN_STATE_MACHINE_ARN"),
            dataset_prefix=_text(environ, "RETRAIN_DATASET_PREFIX"),
            required_files=_file_names(environ, "RETRAIN_REQUIRED_FILES"),
            hyperparameters=_hyperparameters(environ, "RETRAIN_HYPERPARAMETERS"),
            bounds=_bounds(environ, "RETRAIN_BOUNDS"),
        )


def _text(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "")
    if not value:
        raise _unexpected(name, value, "a value")
    return value


def _file_names(environ: Mapping[str, str], name: str) -> tuple[str, ...]:
    found = _json(environ, name)
    files = found if isinstance(found, list) else []
    named = all(isinstance(file, str) and file for file in files)
    if not files or not named or len(set(files)) != len(files):
        raise _unexpected(name, environ.get(name), "a JSON list of distinct file names")
    return tuple(files)


def _hyperparameters(environ: Mapping[str, str], name: str) -> Mapping[str, Hyperparameter]:
    found = _json(environ, name)
    if not isinstance(found, dict) or not all(
        isinstance(value, bool | int | float | str) for value in found.values()
    ):
        raise _unexpected(name, environ.get(name), "a JSON object of plain values by name")
    return found


def _bounds(environ: Mapping[str, str], name: str) -> Bounds:
    found = _json(environ, name)
    if not isinstance(found, dict) or not all(isinstance(each, dict) for each in found.values()):
        raise _unexpected(name, environ.get(name), "a JSON object of JSON Schemas by name")
    return found


def _json(environ: Mapping[str, str], name: str) -> object:
    try:
        return json.loads(_text(environ, name))
    except ValueError:
        return None


def _unexpected(name: str, found: str | None, expected: str) -> SettingsError:
    return SettingsError(
        f"environment variable {name}: found {found!r}, expected {expected}; "
        "the deployment sets it, so deploy again"
    )
