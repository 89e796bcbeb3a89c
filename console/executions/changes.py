"""What a person may do to one execution: stop it, redrive it, start another with its inputs."""

from typing import Any

from console.account import Account
from console.executions.origin import json_object
from console.executions.reader import Snapshot
from operations.executions import redrive, start
from operations.executions.start import Answer

STOPPED = "Console.Stopped"
# Who asked for the first is not who asks for this one, and a way in is filled in on the way.
_OF_THE_FIRST = ("requested_by", "reason", "trigger", "again", "force")


def stop(account: Account, execution_arn: str, reason: str) -> None:
    """Stop the execution and, through Step Functions, the job that it waits for."""
    account.client("stepfunctions").stop_execution(
        executionArn=execution_arn,
        error=STOPPED,
        cause=reason.strip() or "Stopped in the console",
    )


def resume(account: Account, execution_arn: str) -> int:
    """Resume the execution at the state that failed; return how often it has been resumed."""
    return redrive.redrive(account.client("stepfunctions"), execution_arn)


def start_again(account: Account, asked: dict[str, Any], reason: str, *, force: bool) -> Answer:
    """Start another execution; `asked` is what `inputs` gave. With `force` no step is reused."""
    wanted = asked | {"requested_by": account.caller()}
    if reason.strip():
        wanted["reason"] = reason.strip()
    if "reproduce" not in asked:  # a reproduction runs everything again anyway
        wanted["force" if force else "again"] = True
    return start.start(account.client("lambda", start.ONCE), account.stage.names, wanted)


def inputs(found: Snapshot) -> dict[str, Any]:
    """What to ask for to have the same run again.

    An input may leave the data set open: then it is the one that the run took, and the execution is
    refused if its files have changed since.
    """
    asked = {
        name: value for name, value in json_object(found.input).items() if name not in _OF_THE_FIRST
    }
    dataset = found.view.payload("PrepareRun").get("dataset")
    if "reproduce" not in asked and isinstance(dataset, dict):
        asked |= {
            key: dataset[name]
            for key, name in (("dataset", "name"), ("fingerprint", "fingerprint"))
            if isinstance(dataset.get(name), str)
        }
    return asked
