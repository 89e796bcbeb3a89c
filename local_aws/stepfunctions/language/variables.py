"""Variables: what `Assign` sets, when it counts, and how states read it.

https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html
"""

import json
import re
from collections.abc import Container, Iterable
from typing import Any

from moto.stepfunctions.parser.asl.component.common.assign.assign_decl import AssignDecl
from moto.stepfunctions.parser.asl.component.common.string.string_expression import (
    StringVariableSample,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor.distributed_item_processor_worker import (  # noqa: E501
    DistributedItemProcessorWorker,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.iterator.distributed_iterator_worker import (  # noqa: E501
    DistributedIteratorWorker,
)
from moto.stepfunctions.parser.asl.component.state.state import CommonStateField
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.states import States
from moto.stepfunctions.parser.asl.eval.variable_store import VariableStore
from moto.stepfunctions.parser.asl.utils import json_path
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str

from local_aws.wrapping import Original, replace, wrap

_REFERENCE = re.compile(r"\$(?P<name>\w+)(?P<path>.*)", re.DOTALL)
_PENDING = "pending"


def install() -> None:
    """Have moto's variables hold as AWS's do."""
    replace(AssignDecl, _eval_body=_assign)
    replace(StringVariableSample, _eval_body=_sample)
    replace(VariableStore, get_assigned_variables=_assigned)
    wrap(CommonStateField, "_get_state_exited_event_details", _set_at_exit)
    wrap(States, "reset", _forget_results)
    wrap(DistributedItemProcessorWorker, "_eval_input", _leave_outer_scope)
    wrap(DistributedIteratorWorker, "_eval_input", _leave_outer_scope)


def in_scope(store: VariableStore) -> dict[str, Any]:
    """Return the values of all variables that a state can read, by name."""
    return {**store._outer_scope, **store._inner_scope}


def as_told(events: Iterable[dict[str, Any]], states: Container[str]) -> dict[str, Any]:
    """Return the variables that an execution has, from the events of its history.

    Only `states` count: what a branch or an item sets stays there.
    """
    exits = (event.get("stateExitedEventDetails", {}) for event in events)
    told = (each.get("assignedVariables", {}) for each in exits if each.get("name") in states)
    return {name: json.loads(value) for assigned in told for name, value in assigned.items()}


def drop_pending(store: VariableStore) -> None:
    """Forget what a state has assigned that then failed."""
    vars(store).pop(_PENDING, None)


def _assign(self: AssignDecl, env: Environment) -> None:
    """Keep the values until the state ends: its other fields read the variables as they were."""
    values: dict[str, Any] = {}
    for binding in self.declaration_bindings:
        binding.eval(env=env)
        values.update(env.stack.pop())
    vars(env.variable_store)[_PENDING] = values


def _set_at_exit(original: Original, self: CommonStateField, env: Environment) -> Any:
    for name, value in vars(env.variable_store).pop(_PENDING, {}).items():
        env.variable_store.set(variable_identifier=name, variable_value=value)
    return original(self, env)


def _assigned(self: VariableStore) -> dict[str, str]:
    """Return the values just set, as JSON. moto leaves quotes in a text as they are."""
    return {
        name: to_json_str(self.get(name), separators=(",", ":"))
        for name in sorted(self._declaration_tracing)
    }


def _sample(self: StringVariableSample, env: Environment) -> None:
    """Read a variable in a state of JSONPath: `$name`, and what comes after it as a path in it.

    https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html#variable-reference
    """
    match = _REFERENCE.fullmatch(self.expression)
    known = in_scope(env.variable_store)
    if match is None or match["name"] not in known:
        raise json_path.NoSuchJsonPathError(json_path=self.expression, data=env.states.get_input())
    value = known[match["name"]]
    env.stack.append(json_path.extract_json(f"${match['path']}", value) if match["path"] else value)


def _forget_results(original: Original, self: States, input_value: Any) -> None:
    """Leave no result behind: moto's would be null, where AWS has nothing."""
    original(self, input_value)
    for name in ("result", "errorOutput"):
        self._states_data.pop(name, None)  # type: ignore[misc]


def _leave_outer_scope(original: Original, self: Any, env_frame: Environment) -> None:
    """Let the items of a distributed Map see no variable around it: each is another execution.

    ItemSelector still reads them, which is believed.
    https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html#variable-scope
    """
    original(self, env_frame)
    env_frame.variable_store._outer_scope.clear()
