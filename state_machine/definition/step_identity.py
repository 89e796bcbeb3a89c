"""What a step computes, as far as it stands when it is deployed: a digest of its code and request.

The request counts whole, paths into the run's state included, but for what cannot change a result.
So whatever is added to it counts, until somebody says here that it does not. The values of a run,
its data and its hyperparameters, come on top: lambdas/reuse/keys.py.
"""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from state_machine.artifacts.bundle import Bundle
from state_machine.sdk import sdk

# Names, rights, limits, and how fast and how cheaply the same is computed.
WITHOUT_EFFECT = {
    "CheckpointConfig",
    "EnableInterContainerTrafficEncryption",
    "EnableManagedSpotTraining",
    "ExperimentConfig",
    "InputMode",
    "KeepAlivePeriodInSeconds",
    "KmsKeyId",
    "MetricDefinitions",
    "NetworkConfig",
    "PIP_FIND_LINKS",
    "PIP_INDEX_URL",
    "PIP_NO_INDEX",
    "ProcessingJobName",
    "RoleArn",
    "StoppingCondition",
    "Tags",
    "TrainingInputMode",
    "TrainingJobName",
    "VolumeKmsKeyId",
    "VolumeSizeInGB",
    "VpcConfig",
    "sagemaker_job_name",
}


def identities(steps: Iterable[sdk.Task], bundle: Bundle) -> dict[str, str]:
    """Return the digest of each step by the name of its state."""
    found = {}
    for step in steps:
        request = _effective(step.to_dict()["Parameters"])
        text = json.dumps([bundle.code_of(step.state_id), request], sort_keys=True)
        found[step.state_id] = hashlib.sha256(text.encode()).hexdigest()
    return found


def _effective(request: Any) -> Any:
    if isinstance(request, list):
        return [_effective(item) for item in request]
    if not isinstance(request, dict):
        return request
    return {
        name: _effective(value)
        for name, value in request.items()
        if name.removesuffix(".$") not in WITHOUT_EFFECT
    }
