"""The state of a run as the states after PrepareRun see it.

PrepareRun returns it, later states add their results below it. The schema makes a misspelt path an
error while building instead of a States.Runtime an hour into an execution.
"""

from typing import Any

from state_machine.sdk.sdk import Placeholder


class RunState(Placeholder):
    """Paths into a state's input that reach back to any earlier state.

    The SDK's own StepInput may name the output of the state directly before only.
    """

    def __init__(self, schema: dict[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(schema, **kwargs)
        self.json_str_template = "${}"

    def _create_variable(
        self, name: str, parent: Placeholder, type: type | None = None
    ) -> "RunState":
        if self.immutable:
            raise ValueError(f"{name!r} is not part of a run's state: see RUN's schema")
        return RunState(name=name, parent=parent, type=type)

    def _join_path(self, path: list[str]) -> str:
        # As people write it: $.paths.training instead of the SDK's $['paths']['training'].
        return "".join(f".{part}" for part in path)


RUN = RunState(
    schema={
        "run_id": str,
        "client_token": str,
        "dataset": {"name": str, "s3_uri": str, "fingerprint": str},
        "preprocessing": {"validation_fraction": str, "seed": str},
        "instance_types": {"preprocessing": str, "training": str, "evaluation": str},
        "images": {"preprocessing": str, "training": str, "evaluation": str, "serving": str},
        "timeout_seconds": {"preprocessing": int, "training": int, "evaluation": int},
        "paths": {
            "preprocessing": str,
            "checkpoints": str,
            "training": str,
            "evaluation": str,
            "champion": str,
            "report": str,
        },
        "code": {"s3_uri": str, "sha256": str},
        "champion": {"model_sha256": str},
        "steps": {"Preprocess": {"key": str}, "Train": {"key": str}},
        "experiment": {"preprocess": dict, "train": dict, "evaluate": dict},
        # Added by the states after PrepareRun.
        "training_job": {"job_name": str, "model_data_url": str},
        "quality_gate": {
            "decision": str,
            "reason": str,
            "customer_metadata": dict,
            "description": str,
        },
    }
)


def hyperparameter(name: str) -> str:
    """The path of one hyperparameter; the set of names is the user's, so no schema holds it."""
    return f"$['hyperparameters']['{name}']"
