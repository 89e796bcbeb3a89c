"""JSONata and variables in machines that run: scopes, moments, and the events of what fails."""

import json
from typing import Any

import pytest

from local_aws.client import EmbeddedAws
from tests.functional.sagemaker_requests import unique
from tests.support.roles import ROLE
from tests.support.waiting import eventually

EVALUATION = "States.QueryEvaluationError"
State = dict[str, Any]


@pytest.fixture
def machines(embedded_aws: EmbeddedAws) -> Any:
    return embedded_aws.client("stepfunctions")


def run(machines: Any, given: Any = None, **states: State) -> Any:
    """Run a machine of JSONata whose states follow each other, unless they say otherwise."""
    chain = list(states)
    for name, following in zip(chain, [*chain[1:], None], strict=True):
        if states[name]["Type"] not in ("Choice", "Fail", "Succeed"):
            states[name].setdefault(*(("End", True) if following is None else ("Next", following)))
    definition = {"QueryLanguage": "JSONata", "StartAt": chain[0], "States": states}
    machine = machines.create_state_machine(
        name=unique("machine"), definition=json.dumps(definition), roleArn=ROLE
    )["stateMachineArn"]
    arn = machines.start_execution(stateMachineArn=machine, input=json.dumps(given or {}))
    return eventually(lambda: _ended(machines, arn["executionArn"]))


def _ended(machines: Any, arn: str) -> Any:
    execution = machines.describe_execution(executionArn=arn)
    return None if execution["status"] == "RUNNING" else execution


def output(machines: Any, given: Any = None, **states: State) -> Any:
    return json.loads(run(machines, given, **states)["output"])


def events(machines: Any, execution: Any) -> list[Any]:
    return list(machines.get_execution_history(executionArn=execution["executionArn"])["events"])


def part(**states: State) -> State:
    """Return a branch or an item's processor of one or more states."""
    return {"StartAt": next(iter(states)), "States": states}


def passing(**fields: Any) -> State:
    return {"Type": "Pass", **fields}


def test_a_state_reads_variables_as_they_were_before_it(machines: Any) -> None:
    found = output(
        machines,
        One=passing(Assign={"x": 1, "text": 'a "quote" / \\ 😀'}),
        Two=passing(Assign={"x": "{% $x + 1 %}", "y": "{% $x %}"}, Output="{% $x %}"),
        Three=passing(Output=["{% $states.input %}", "{% $x %}", "{% $y %}", "{% $text %}"]),
    )

    assert found == [1, 2, 1, 'a "quote" / \\ 😀']


def test_branches_and_items_have_variables_of_their_own(machines: Any) -> None:
    item = passing(Assign={"own": "{% $states.input.n %}"}, Output="{% $states.input %}", Next="B")
    told = passing(Output="{% [$outer, $own, $states.input.i] %}", End=True)
    found = output(
        machines,
        Set=passing(Assign={"outer": "o"}),
        Map={
            "Type": "Map",
            "Items": "{% $range(1, 2, 1) %}",
            "ItemSelector": {
                "n": "{% $states.context.Map.Item.Value %}",
                "i": "{% $states.context.Map.Item.Index %}",
            },
            "ItemProcessor": part(A=item, B=told),
            "Output": {"items": "{% $states.result %}", "own": "{% $exists($own) %}"},
        },
    )

    assert found == {"items": [["o", 1, 0], ["o", 2, 1]], "own": False}


def test_items_of_a_distributed_map_see_no_variable_around_it(machines: Any) -> None:
    config = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    found = output(
        machines,
        Set=passing(Assign={"outer": "o"}),
        Map={
            "Type": "Map",
            "Items": [1],
            "ItemSelector": {"selected": "{% $outer %}"},
            "ItemProcessor": config
            | part(A=passing(Output="{% [$states.input.selected, $exists($outer)] %}", End=True)),
        },
    )

    assert found == [["o", False]]


def test_what_finds_nothing_stands_beside_the_entry(machines: Any) -> None:
    failed = run(machines, One=passing(), Two=passing(Output={"a": ["{% $states.result.b %}"]}))

    cause = (
        "An error occurred while executing the state 'Two' (entered at the event id #4). The "
        "JSONata expression '$states.result.b' specified for the field 'Output/a[0]' returned "
        "nothing (undefined)."
    )
    assert (failed["status"], failed["error"], failed["cause"]) == ("FAILED", EVALUATION, cause)
    *_, entered, evaluation, end = events(machines, failed)
    assert evaluation["evaluationFailedEventDetails"] == {
        "error": EVALUATION,
        "cause": cause,
        "location": "Output/a[0]",
        "state": "Two",
    }
    assert evaluation["previousEventId"] == entered["previousEventId"] == 3
    assert end["previousEventId"] == evaluation["id"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"Output": "{% $states.result.none %}"}, "'Output' returned nothing (undefined)."),
        ({"Assign": {"x": "{% $sum('a') %}"}}, "'Assign/x' threw an error during evaluation. T04"),
        ({"MaxConcurrency": "{% 'a' %}"}, "Expected 'number', but was 'string' for value: \"a\""),
        ({"MaxConcurrency": "{% -1 %}"}, "MaxConcurrency must be between 0 and 2147483647 but was"),
        ({"MaxConcurrency": "{% 1.5 %}"}, "field cannot be parsed as an integer: 1.5"),
        ({"Items": "{% {} %}"}, "Expected 'array', but was 'object' for value: {}"),
    ],
)
def test_a_catcher_takes_what_fails_in_any_field(
    machines: Any, fields: dict[str, Any], said: str
) -> None:
    caught = {
        "ErrorEquals": [EVALUATION],
        "Next": "Told",
        "Output": "{% [$states.errorOutput.Error, $states.errorOutput.Cause] %}",
    }
    execution = run(
        machines,
        Map={
            "Type": "Map",
            "Items": [1],
            "ItemProcessor": part(A=passing(End=True)),
            "Catch": [caught],
            **fields,
        },
        Told=passing(),
    )

    error, cause = json.loads(execution["output"])
    assert error == EVALUATION
    assert said in cause
    kinds = [event["type"] for event in events(machines, execution)]
    assert kinds.count("EvaluationFailed") == 1


def test_the_fields_of_a_rule_stand_for_those_of_its_state(machines: Any) -> None:
    rule = {"Condition": "{% $states.input.n = 1 %}", "Next": "Told", "Output": "rule"}
    choice = {"Type": "Choice", "Choices": [rule], "Default": "Told", "Output": "state"}

    assert output(machines, {"n": 1}, Choice=choice, Told=passing()) == "rule"
    assert output(machines, {"n": 2}, Choice=choice, Told=passing()) == "state"


def test_a_condition_is_true_or_false(machines: Any) -> None:
    rule = {"Condition": "{% $states.input.n %}", "Next": "Told"}
    choice = {"Type": "Choice", "Choices": [rule], "Default": "Told"}

    failed = run(machines, {"n": 1}, Choice=choice, Told=passing())

    assert failed["cause"].endswith(
        "'$states.input.n' specified for the field 'Choices[0]/Condition' returned an unexpected "
        "result type. Expected 'boolean', but was 'number' for value: 1"
    )


def test_a_state_of_json_path_reads_variables_by_paths(machines: Any) -> None:
    machine = {"QueryLanguage": "JSONPath", "StartAt": "Set"}
    values = {"order": {"rows": [{"n": 1}, {"n": 2}]}}
    paths = {"second.$": "$order.rows[1]", "all.$": "$order.rows[*].n", "order.$": "$order"}
    read = {"Type": "Pass", "Parameters": paths, "End": True}
    arn = machines.create_state_machine(
        name=unique("machine"),
        definition=json.dumps(
            machine | {"States": {"Set": passing(Assign=values, Next="Read"), "Read": read}}
        ),
        roleArn=ROLE,
    )["stateMachineArn"]
    started = machines.start_execution(stateMachineArn=arn)["executionArn"]

    found = json.loads(eventually(lambda: _ended(machines, started))["output"])

    assert found == {"second": {"n": 2}, "all": [1, 2], "order": values["order"]}


def test_an_expression_that_cannot_run_is_refused_at_once(machines: Any) -> None:
    rows = {"Type": "Pass", "Output": {"rows": [1, "{% phone %}"]}, "End": True}
    definition = json.dumps(
        {"QueryLanguage": "JSONata", "StartAt": "Rows", "States": {"Rows": rows}}
    )
    text = "Reference to 'phone' at the top level is not supported."
    place = "/States/Rows/Output/rows[1]"

    with pytest.raises(machines.exceptions.InvalidDefinition) as refused:
        machines.create_state_machine(name=unique("machine"), definition=definition, roleArn=ROLE)
    found = machines.validate_state_machine_definition(definition=definition)["diagnostics"]

    assert refused.value.response["Error"]["Message"] == (
        f"Invalid State Machine Definition: 'UNSUPPORTED_JSONATA_EXPRESSION: {text} at {place}'"
    )
    assert [(each["code"], each["message"], each["location"]) for each in found] == [
        ("UNSUPPORTED_JSONATA_EXPRESSION", text, place)
    ]


def test_a_refused_definition_leaves_no_language_behind(machines: Any) -> None:
    wrong = part(A=passing(QueryLanguage="JSONPath", End=True)) | {"QueryLanguage": "JSONata"}
    right = part(A={"Type": "Pass", "Parameters": {"x.$": "$"}, "End": True})

    results = [
        machines.validate_state_machine_definition(definition=json.dumps(each))["result"]
        for each in (wrong, right)
    ]

    assert results == ["FAIL", "OK"]
