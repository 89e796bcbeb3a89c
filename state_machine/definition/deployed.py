"""Where a stage is deployed: all that the definition needs to know beside pipeline.toml."""

from dataclasses import dataclass

from state_machine.artifacts.bundle import Bundle
from state_machine.names import Names


@dataclass(frozen=True)
class Deployed:
    """The names of the stage and the code that its jobs run."""

    names: Names
    bundle: Bundle
