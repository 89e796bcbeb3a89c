"""Evaluates the expressions of a state, and tells what fails as AWS does.

https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
moto's engine looks for a library of Java at this place, and has none.
"""

import json
from typing import Any

from antlr4 import ParserRuleContext
from moto.stepfunctions.parser.asl.antlr.runtime.ASLParser import ASLParser
from moto.stepfunctions.parser.asl.component.common.assign.assign_template_value_terminal import (
    AssignTemplateValueTerminalLit,
)
from moto.stepfunctions.parser.asl.component.common.string.string_expression import StringJSONata
from moto.stepfunctions.parser.asl.component.state.exec.state_map.state_map import StateMap
from moto.stepfunctions.parser.asl.component.state.exec.state_map.tolerated_failure import (
    ToleratedFailureCountStringJSONata,
)
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.timestamp import Timestamp
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.parse import preprocessor
from moto.stepfunctions.parser.asl.parse.asl_parser import ASLParserException
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor

from local_aws.stepfunctions.language import variables
from local_aws.stepfunctions.language.failures import evaluation_failure
from local_aws.stepfunctions.language.fields import (
    expected_type,
    location,
    pointer,
    range_of,
    type_of,
)
from local_aws.stepfunctions.language.jsonata import evaluate
from local_aws.stepfunctions.language.jsonata_errors import QueryError
from local_aws.stepfunctions.language.objections import objection
from local_aws.wrapping import Original, replace, wrap


class _UnsupportedExpressionError(ASLParserException):
    """Refuses a definition. moto's answer has the representation of the error."""

    def __init__(self, found: str) -> None:
        super().__init__(errors=[found])

    def __repr__(self) -> str:
        return f"Invalid State Machine Definition: '{self.errors[0]}'"


def install() -> None:
    """Have moto's engine evaluate JSONata here."""
    wrap(Preprocessor, "visitString_jsonata", _remember_field)
    replace(
        Preprocessor,
        __init__=_with_own_scopes,
        visitTolerated_failure_count_string_jsonata=_tolerated_count,
        visitAssign_template_value_terminal_string_literal=_assigned_text,
    )
    replace(preprocessor, from_string_literal=_text)
    replace(StringJSONata, _eval_body=_evaluate)
    wrap(Timestamp, "_create_failure_event", _tell_of_timestamp)
    wrap(StateMap, "_eval_execution", _hold_input_to_array)


def _with_own_scopes(self: Preprocessor) -> None:
    """Begin a definition with no query language. moto's parsers share one list of all of theirs.

    One that refused a definition left its languages to every later one, and two at once mixed them.
    """
    self._query_language_per_scope = []


def _remember_field(
    original: Original, self: Preprocessor, ctx: ASLParser.String_jsonataContext
) -> StringJSONata:
    expression: StringJSONata = original(self, ctx)
    field = vars(expression)["field"] = location(ctx)
    if found := objection(expression.expression, field):
        raise _UnsupportedExpressionError(f"{found} at {pointer(ctx)}")
    return expression


def _text(parser_rule_context: ParserRuleContext) -> str:
    """Return a text of the definition. moto reads its escapes as those of Python."""
    return str(json.loads(parser_rule_context.getText()))


def _assigned_text(
    _self: Preprocessor, ctx: ASLParser.Assign_template_value_terminal_string_literalContext
) -> AssignTemplateValueTerminalLit:
    """Return a text for a variable. moto leaves its escapes as they are."""
    return AssignTemplateValueTerminalLit(value=_text(ctx.string_literal()))


def _tolerated_count(
    self: Preprocessor, ctx: ASLParser.Tolerated_failure_count_string_jsonataContext
) -> ToleratedFailureCountStringJSONata:
    """Return the count: moto makes it a percentage."""
    return ToleratedFailureCountStringJSONata(self.visitString_jsonata(ctx.string_jsonata()))


def _evaluate(self: StringJSONata, env: Environment) -> None:
    field = vars(self)["field"]
    known = {**variables.in_scope(env.variable_store), "states": _states(env, field)}
    sentence = f"The JSONata expression '{self.expression}' specified for the field '{field}' "
    try:
        value = evaluate(self.expression, known)
    except QueryError as error:
        raise evaluation_failure(env, f"{sentence}{error}", field) from error
    if wrong := _wrong_type(field, value):
        raise evaluation_failure(env, sentence + wrong, field)
    if wrong := _wrong_number(field, value):
        raise evaluation_failure(env, wrong, field)
    env.stack.append(value)


def _states(env: Environment, field: str) -> dict[str, Any]:
    """Return $states: a result has who writes `Output` or `Assign`, an error output who catches."""
    known = env.states._states_data
    visible = ["input", "context"]
    if field.startswith("Catch["):
        visible.append("errorOutput")
    elif field.partition("/")[0].partition("[")[0] in ("Output", "Assign"):
        visible.append("result")
    return {name: known[name] for name in visible if name in known}  # type: ignore[literal-required]


def _wrong_type(field: str, value: Any) -> str | None:
    expected, found = expected_type(field), type_of(value)
    if expected in (None, found):
        return None
    return (
        f"returned an unexpected result type. Expected '{expected}', but was '{found}' "
        f"for value: {_shown(value)}"
    )


def _wrong_number(field: str, value: Any) -> str | None:
    """Return what is wrong with a number. That AWS says it with these words is believed."""
    allowed = range_of(field)
    if allowed is None:
        return None
    if allowed.whole and not isinstance(value, int):
        return f"The {field} field cannot be parsed as an integer: {_shown(value)}"
    if allowed.least <= value <= allowed.most:
        return None
    return f"{field} must be between {allowed.least} and {allowed.most} but was: {_shown(value)}"


def _shown(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _tell_of_timestamp(
    original: Original, self: Timestamp, env: Environment, timestamp_str: str
) -> Any:
    if not isinstance(self.string, StringJSONata):
        return original(self, env, timestamp_str)
    cause = (
        "The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format "
        f"string: {timestamp_str}"
    )
    return evaluation_failure(env, cause, "Timestamp", follows=True).failure_event


def _hold_input_to_array(original: Original, self: StateMap, env: Environment) -> None:
    """Refuse an input that is no array as AWS does: moto shows the type as Python has it."""
    takes_input = not (self._is_language_query_jsonpath() or self.items or self.item_reader)
    if takes_input and not isinstance(env.states.get_input(), list):
        shown = _shown(env.states.get_input())
        raise evaluation_failure(env, f"Map state input must be an array but was: {shown}")
    original(self, env)
