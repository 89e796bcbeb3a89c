"""The states before the work: the data set settles, and executions take turns.

    TakeTurn -> Turn -- go ---------> (the work)
       ^         |- settle -----> Settle ------.
       |         |- incomplete -> WaitForFiles-|
       |         |- wait -------> WaitForTurn -|
       |         `- superseded -> Superseded   |
       `---------------------------------------'

One Lambda decides all of it, each time anew, so an execution whose data set is replaced while it
waits leaves the line at its next question. The work asks again too, where it finds other data than
the execution had its turn for. lambdas/take_turn.py counts what waiting costs.
"""

from typing import Any

from lambdas.take_turn import LONGEST_WAIT
from state_machine.config import PipelineConfig
from state_machine.definition.deployed import Deployed
from state_machine.definition.lambda_states import LAMBDA_STATE_SECONDS, lambda_state
from state_machine.sdk import sdk
from state_machine.sdk.asl import LambdaStep


def question(config: PipelineConfig, deployed: Deployed, defaults: dict[str, Any]) -> LambdaStep:
    """The state that asks for the turn; `defaults` are PrepareRun's."""
    payload = {
        "execution": {"arn.$": "$$.Execution.Id", "started_at.$": "$$.Execution.StartTime"},
        "input.$": "$$.Execution.Input",
        "defaults": defaults,
        "settle_seconds": config.data.settle_seconds,
        "max_concurrent_runs": config.max_concurrent_runs,
    }
    # The answer takes the place of the input, which later states read from the context object.
    return lambda_state(
        "TakeTurn",
        "take_turn",
        payload,
        deployed,
        result_selector={"turn.$": "$.Payload"},
        output_path="$.turn",
    )


def take_turn(asked: LambdaStep, work: sdk.Chain) -> sdk.Chain:
    """The states that lead to `work`, beginning with the question `asked`."""
    waits = {"settle": "Settle", "incomplete": "WaitForFiles", "wait": "WaitForTurn"}
    pauses = {way: sdk.Wait(name, seconds_path="$.seconds") for way, name in waits.items()}
    for pause in pauses.values():
        pause.next(asked)
    ways = {"go": work, **pauses, "superseded": sdk.Succeed("Superseded")}
    return sdk.Chain([asked, by_outcome("Turn", ways)])


def by_outcome(name: str, ways: dict[str, Any]) -> sdk.Choice:
    """A Choice of the way that the state before it answered with.

    There is no default: an outcome that nobody knows fails the execution.
    """
    choice = sdk.Choice(name)
    for outcome, following in ways.items():
        choice.add_choice(sdk.ChoiceRule.StringEquals("$.outcome", outcome), following)
    return choice


def waiting_seconds(config: PipelineConfig) -> int:
    """How long the states before the work may take in all."""
    return config.data.settle_seconds + LONGEST_WAIT + LAMBDA_STATE_SECONDS
