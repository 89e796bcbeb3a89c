"""The Data Science SDK and the SageMaker SDK, imported without their side effects.

Importing them moves the root logger's level, prints deprecation and configuration notices, and
leaves handlers behind. Everything else in this package imports them from here.
"""

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache


@contextmanager
def _quietly() -> Iterator[None]:
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    logging.getLogger("sagemaker.config").setLevel(logging.WARNING)
    os.environ.setdefault("SAGEMAKER_SUPPRESS_V2_WARNING", "1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    root.setLevel(level)
    root.handlers[:] = handlers


with _quietly():
    import sagemaker
    import sagemaker.utils
    from sagemaker.inputs import TrainingInput
    from sagemaker.processing import ProcessingInput, ProcessingOutput, Processor
    from sagemaker.tensorflow import TensorFlow
    from stepfunctions.inputs import Placeholder
    from stepfunctions.steps import (
        Chain,
        Choice,
        ChoiceRule,
        Fail,
        Graph,
        LambdaStep,
        ProcessingStep,
        Retry,
        Succeed,
        Task,
        TrainingStep,
        Wait,
        integration_resources,
    )
    from stepfunctions.workflow import Workflow

# The SDKs report what they fill in by default on every build, and warn of the shell's region, which
# decides nothing here.
for _name, _level in (
    ("sagemaker", logging.WARNING),
    ("sagemaker.image_uris", logging.WARNING),
    ("stepfunctions", logging.ERROR),
):
    logging.getLogger(_name).setLevel(_level)

# Each step of a definition would read all endpoints that botocore knows: a tenth of a second each
# time, for answers that stay the same.
integration_resources.get_aws_partition = cache(integration_resources.get_aws_partition)
sagemaker.utils._botocore_resolver = cache(sagemaker.utils._botocore_resolver)

__all__ = [
    "Chain",
    "Choice",
    "ChoiceRule",
    "Fail",
    "Graph",
    "LambdaStep",
    "Placeholder",
    "ProcessingInput",
    "ProcessingOutput",
    "ProcessingStep",
    "Processor",
    "Retry",
    "Succeed",
    "Task",
    "TensorFlow",
    "TrainingInput",
    "TrainingStep",
    "Wait",
    "Workflow",
    "sagemaker",
]
