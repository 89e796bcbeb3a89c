"""Which fields Step Functions' own integration of SageMaker is known to take, with what shows it.

The integration has a schema of its own, which AWS publishes as a list of a few members:
https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_UNPROVEN = "unproven"
_FIELDS: dict[str, Any] = json.loads(
    Path(__file__).with_name("integration_fields.json").read_text(encoding="utf-8")
)


def unproven(action: str, parameters: Mapping[str, Any]) -> list[str]:
    """Return the fields of a task that nothing shows to be taken.

    Args:
        action: `createTrainingJob` or `createProcessingJob`.
        parameters: the task's, as a definition has them or as they are evaluated.
    """
    sources = {source: each for source, each in _FIELDS[action].items() if source != _UNPROVEN}
    proven = {field for fields in sources.values() for field in fields}
    named = set(_FIELDS[action][_UNPROVEN])
    return sorted(
        field for field in _fields(parameters) if field in named or not _is_proven(field, proven)
    )


def _fields(parameters: Mapping[str, Any]) -> Iterator[str]:
    """Yield members, and those of members that are objects; names without the mark of a path."""
    for name, value in parameters.items():
        plain = name.removesuffix(".$")
        yield plain
        if isinstance(value, Mapping):
            yield from (f"{plain}.{inner.removesuffix('.$')}" for inner in value)


def _is_proven(field: str, proven: set[str]) -> bool:
    """A member is taken with what is in it, unless the table says otherwise of that."""
    return field in proven or field.partition(".")[0] in proven
