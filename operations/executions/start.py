"""Ask the deployed `start_retraining` for an execution: one path checks whatever is asked for.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.config import Config

from lambdas.boundary import strict_json
from operations.errors import InputError, NotDeployedError, StartRefusedError
from state_machine.names import Names

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

# Never sent twice: a forced start whose answer was lost would start another execution. Longer than
# the function's own timeout of 60 s.
ONCE = Config(read_timeout=90, retries={"total_max_attempts": 1})


@dataclass(frozen=True)
class Answer:
    """What start_retraining answered; `message` says why it started nothing."""

    execution_arn: str
    started: bool
    message: str

    @property
    def name(self) -> str:
        """The execution's name."""
        return self.execution_arn.rsplit(":", 1)[-1]


def start(functions: "LambdaClient", names: Names, asked: dict[str, Any]) -> Answer:
    """Invoke the stage's start_retraining with an execution's input and wait for its answer.

    `functions` is a client with the configuration `ONCE`. Raises NotDeployedError,
    StartRefusedError with the function's own words, and botocore's errors.
    """
    function = names.function("start_retraining")
    try:
        reply = functions.invoke(FunctionName=function, Payload=json.dumps(asked))
    except functions.exceptions.ResourceNotFoundException as error:
        raise NotDeployedError(
            f"There is no function {function}", "run `retrain deploy` first"
        ) from error
    body = json.load(reply["Payload"])
    if "FunctionError" in reply:
        raise _refused(function, body)
    return Answer(body["execution_arn"], body["started"], body["message"])


def execution_input(text: str) -> dict[str, Any]:
    """The JSON object in `text`. Raises InputError."""
    try:
        value = strict_json.parse(text.encode("utf-8", "replace"))
    except ValueError as error:
        raise InputError(f"--input is {error}", """for example: --input '{}'""") from None
    if not isinstance(value, dict):
        raise InputError(
            f"--input is {type(value).__name__}, expected a JSON object",
            """for example: --input '{"dataset": "fashion-mnist"}'""",
        )
    return value


def _refused(function: str, error: dict[str, Any]) -> StartRefusedError:
    kind, message = error.get("errorType", "Error"), error.get("errorMessage", "no message")
    return StartRefusedError(
        f"Nothing started: {message} ({kind})",
        f"correct what is asked for; `aws logs tail /aws/lambda/{function}` says more",
    )
