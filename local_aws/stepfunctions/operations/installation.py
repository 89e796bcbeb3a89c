"""Installs the operations, in their order."""

from local_aws.stepfunctions.operations import (
    activities,
    aliases,
    definition_check,
    express,
    starts,
    tasks,
    trials,
    versions,
)


def install() -> None:
    """Install all of them; after the rest of Step Functions, whose wrappers they go around."""
    definition_check.install()
    versions.install()
    aliases.install()
    starts.install()
    express.install()
    tasks.install()
    activities.install()
    trials.install()
