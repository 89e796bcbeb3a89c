"""What can go wrong in a job, as one tree.

ScriptError               one clear line for a person; the job fails with it
├── UsageError            an argument or hyperparameter that the script does not take
├── DataError             an input file is not what it must be
├── TrainingError         training cannot start, go on, or resume
└── ModelError            a model archive cannot be read, or does not fit the data
"""


class ScriptError(Exception):
    """A failure that a person can act on: it says what was found and what was expected."""


class UsageError(ScriptError):
    """An argument is unknown, missing or out of range."""


class DataError(ScriptError):
    """An input file is missing, damaged, or does not fit the others."""

    def __init__(self, file: object, found: object, expected: object) -> None:
        super().__init__(f"{file}: found {found}, expected {expected}")


class TrainingError(ScriptError):
    """Training cannot start, go on, or resume."""


class ModelError(ScriptError):
    """A model archive cannot be read, or its model does not fit the data."""
