"""What can go wrong while building or deploying the pipeline.

StateMachineError
 ├── ConfigError         pipeline.toml is missing, is not TOML, or holds a value that cannot be used
 ├── StageNameError      something of the stage would have a name that AWS refuses
 └── DeploymentError     AWS refused a step of the deployment
"""


class StateMachineError(Exception):
    """Base of every error that this package raises on purpose."""


class ConfigError(StateMachineError):
    """A value of pipeline.toml: names the key, what was found and what was expected."""


class StageNameError(StateMachineError):
    """A name that AWS refuses: names it, the bound and its page."""


class DeploymentError(StateMachineError):
    """A step of the deployment that failed: names the step, AWS's answer and the next step."""
