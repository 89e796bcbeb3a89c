"""Where a stage is deployed: all that the definition needs to know beside pipeline.toml."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from state_machine.artifacts.bundle import Bundle
from state_machine.names import Names


@dataclass(frozen=True)
class Deployed:
    """The names of the stage, the code that its jobs run, and the versions of its Lambdas.

    `versions` has the ARN of a Lambda's version by the Lambda's name, where one is published.
    """

    names: Names
    bundle: Bundle
    versions: Mapping[str, str] = field(default_factory=dict)

    def function_arn(self, function: str) -> str:
        """Return the ARN that a state invokes the Lambda by."""
        return self.versions.get(function) or self.names.function_arn(function)
