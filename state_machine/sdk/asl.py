"""What the Amazon States Language knows and the Data Science SDK 2.3.0 does not.

Each class adds one field to a step of the SDK:
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html
"""

from typing import Any

from state_machine.sdk import sdk


class Expression(sdk.Placeholder):
    """An intrinsic function or a context path, usable wherever the SDK takes a placeholder.

    `Expression("States.Format('{}/train', $.paths.preprocessing)")`
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def to_jsonpath(self) -> str:
        """The text after `"key.$":`."""
        return self._text


def join(template: str, *values: sdk.Placeholder | str) -> Expression:
    """`States.Format` of placeholders or paths, as in `join("{}/train", RUN["paths"]["run"])`."""
    paths = (v.to_jsonpath() if isinstance(v, sdk.Placeholder) else v for v in values)
    return Expression(f"States.Format('{template}', {', '.join(paths)})")


class _Integration:
    """A service integration, by its ARN, that keeps only a part of its result.

    The SDK forms the ARN for the partition of whatever region the shell names. It is given here.
    """

    def __init__(
        self, *args: Any, resource: str, result_selector: dict[str, Any], **fields: Any
    ) -> None:
        super().__init__(*args, **fields)
        self.fields["resource"] = resource
        self.result_selector = result_selector

    fields: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """The state as ASL."""
        return super().to_dict() | {"ResultSelector": self.result_selector}  # type: ignore[misc]


class LambdaStep(_Integration, sdk.LambdaStep):
    """`lambda:invoke` with a ResultSelector."""


class ProcessingStep(_Integration, sdk.ProcessingStep):
    """`sagemaker:createProcessingJob.sync` with a ResultSelector."""


class TrainingStep(_Integration, sdk.TrainingStep):
    """`sagemaker:createTrainingJob.sync` with a ResultSelector."""


class Task(_Integration, sdk.Task):
    """Any other service integration with a ResultSelector."""


class Retry(sdk.Retry):
    """A retrier with full jitter and an upper bound, so that many executions do not retry in step.

    https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
    """

    def __init__(self, *, max_delay_seconds: int, **fields: Any) -> None:
        super().__init__(**fields)
        self.max_delay_seconds = max_delay_seconds

    def to_dict(self) -> dict[str, Any]:
        """The retrier as ASL."""
        return super().to_dict() | {
            "MaxDelaySeconds": self.max_delay_seconds,
            "JitterStrategy": "FULL",
        }


class Fail(sdk.Fail):
    """A Fail state whose cause comes from the state's input."""

    def __init__(self, state_id: str, *, cause_path: sdk.Placeholder, **fields: Any) -> None:
        super().__init__(state_id, **fields)
        self.cause_path = cause_path

    def to_dict(self) -> dict[str, Any]:
        """The state as ASL."""
        return super().to_dict() | {"CausePath": self.cause_path.to_jsonpath()}
