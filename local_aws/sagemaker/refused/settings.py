"""Members of CreateTrainingJob that would be taken and then forgotten."""

from collections.abc import Mapping
from typing import Any

from moto.sagemaker.exceptions import AWSValidationException

# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html
_FORGOTTEN = {
    "DebugRuleConfigurations": "evaluates no rules of SageMaker Debugger",
    "ProfilerRuleConfigurations": "evaluates no rules of SageMaker Debugger",
    "TensorBoardOutputConfig": "uploads nothing for TensorBoard while a job runs",
}


def check_training(request: Mapping[str, Any]) -> None:
    """Refuse a request that asks for something beside its training."""
    for member, reason in _FORGOTTEN.items():
        if request.get(member):
            raise AWSValidationException(f"{member} is refused: the embedded AWS {reason}.")
