"""The keys of steps: two jobs with one key compute the same.

A key is a digest over all that can change what a job computes: its code, its data, its image by
digest, its parameters, and its request as the state machine makes it. Train's holds that of
Preprocess, whose arrays it reads.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from lambdas.runs.images import digest_of

PREPROCESS, TRAIN = "Preprocess", "Train"
# The variable by which a job's description tells its key.
VARIABLE = "RETRAIN_STEP_KEY"


def keys(run: Mapping[str, Any], identities: Mapping[str, str]) -> dict[str, str]:
    """Return the keys of a planned run's steps, 64 hex digits each, by their states' names.

    ``identities`` are digests of each step's code and request, as they were deployed. A run that
    reproduces another, with the code of that one, shares its keys with none.
    """
    preprocess = _digest(
        PREPROCESS,
        identities[PREPROCESS],
        run["reproduces"] and run["run_id"],
        _content(run["dataset"]["objects"]),
        run["preprocessing"],
        digest_of(run["images"]["preprocessing"]),
    )
    train = _digest(
        TRAIN,
        identities[TRAIN],
        preprocess,
        run["hyperparameters"],
        digest_of(run["images"]["training"]),
        # Processors differ in the last bits of what they compute, and so do the weights.
        run["instance_types"]["training"],
    )
    return {PREPROCESS: preprocess, TRAIN: train}


def _content(objects: list[Mapping[str, Any]]) -> list[list[Any]]:
    """Return what the files hold, whenever and wherever they were uploaded.

    An ETag is of the content: its MD5, or a digest of those of its parts. Where a key of KMS
    encrypts it is neither, and then the same bytes uploaded again count as others.
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
    """
    return sorted([o["key"].rsplit("/", 1)[-1], o["etag"], o["size"]] for o in objects)


def _digest(*parts: Any) -> str:
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
