"""One host or several: the tf.distribute strategy of a training job.

A host that loses another does not wait for it: TensorFlow's coordination service, which the first
host runs, misses its heartbeats within ten seconds or so, and every collective operation fails with
UnavailableError. Hosts that never find each other give up after an hour, TensorFlow's own limit.
SageMaker ends the others of a job when one has failed, so mostly it is sooner.
"""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from fitting.tensorflow_setup import tf
from job.errors import TrainingError

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


def check_same(strategy: tf.distribute.Strategy, name: str, value: int) -> None:
    """Raise TrainingError if the value is not the same on every host, on some of them at least.

    Hosts that go on from different points would train different models, or wait for each other.
    """

    def mean() -> tf.Tensor:
        replicas = tf.distribute.get_replica_context()
        return replicas.all_reduce(tf.distribute.ReduceOp.MEAN, tf.constant(value, tf.float64))

    found = float(strategy.experimental_local_results(strategy.run(mean))[0])
    if found != value:
        raise TrainingError(f"{name} is {value} on this host and {found:g} in the mean of all")


@contextmanager
def losses_named() -> Iterator[None]:
    """Raise TrainingError in the place of TensorFlow's long error when another host is gone."""
    try:
        yield
    except tf.errors.UnavailableError as error:
        reason = str(error).partition("aborted by: ")[2].partition("\n")[0] or "no connection"
        raise TrainingError(
            f"another host of this job is gone ({reason}): its log says why, if it had the time"
        ) from error
