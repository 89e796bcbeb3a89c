"""What AWS's TensorFlow image does for several hosts: it tells TensorFlow of all of them.

`distribution={"multi_worker_mirrored_strategy": {"enabled": True}}` of the SDK's estimator is a
hyperparameter in the request. The image's toolkit, which has no release for this TensorFlow that
could be installed here, then sets TF_CONFIG.
https://github.com/aws/sagemaker-tensorflow-training-toolkit
"""

import itertools
import json
import random
import socket
from contextlib import suppress

from local_aws.sagemaker.cluster import Cluster

_ENABLED = "sagemaker_multi_worker_mirrored_strategy_enabled"
# Below those that the kernel takes for outgoing connections.
_PORTS = range(20000, 32000)
_turns = itertools.count(random.randrange(len(_PORTS)))  # noqa: S311 - servers start apart


def connect(cluster: Cluster, hyperparameters: dict[str, str]) -> None:
    """Give each host its TF_CONFIG, if there are several and the request asks for it.

    On AWS all hosts take port 8890. TensorFlow's server listens on every address of its machine,
    so hosts that share one, of this job and of others, need a port each.
    """
    if len(cluster.hosts) == 1 or hyperparameters.get(_ENABLED) != "true":
        return
    workers = [f"{host.name}:{_free_port()}" for host in cluster.hosts]
    for index, host in enumerate(cluster.hosts):
        task = {"type": "worker", "index": index}
        config = {"cluster": {"worker": workers}, "task": task, "environment": "cloud"}
        host.variables = {"TF_CONFIG": json.dumps(config)}


def _free_port() -> int:
    """Return a port that nobody has now, and that was not returned lately."""
    while True:
        port = _PORTS[next(_turns) % len(_PORTS)]
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                probe.bind(("", port))
                return port
