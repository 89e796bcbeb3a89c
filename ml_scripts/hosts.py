"""One host or several: the tf.distribute strategy of a training job."""

import json
import os
from collections.abc import Sequence

from tensorflow_setup import tf

FIRST_PORT = 8890


def strategy(hosts: Sequence[str], current_host: str) -> tf.distribute.Strategy:
    """Return TensorFlow's default strategy for one host, MultiWorkerMirroredStrategy for several.

    Must be called before any other use of TensorFlow when there are several hosts. TF_CONFIG is
    taken as the container set it, else built from the hosts.

    Args:
        hosts: names of the job's hosts (SM_HOSTS), the same list in the same order on each.
        current_host: name of this one (SM_CURRENT_HOST).
    """
    if "TF_CONFIG" not in os.environ and len(hosts) > 1:
        os.environ["TF_CONFIG"] = json.dumps(tf_config(hosts, current_host))
    if "TF_CONFIG" not in os.environ:
        return tf.distribute.get_strategy()
    return tf.distribute.MultiWorkerMirroredStrategy()


def tf_config(hosts: Sequence[str], current_host: str) -> dict:
    """Return the cluster as TF_CONFIG describes it.

    TensorFlow's gRPC server binds every address of its machine, so each host has a port of its
    own: right on AWS, and needed when the hosts share one machine.
    """
    workers = [f"{host}:{FIRST_PORT + index}" for index, host in enumerate(hosts)]
    return {
        "cluster": {"worker": workers},
        "task": {"type": "worker", "index": list(hosts).index(current_host)},
    }


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Tell whether this host writes the checkpoints and the model."""
    resolver = strategy.cluster_resolver
    return resolver is None or resolver.task_type is None or resolver.task_id == 0
