"""One host or several: the cluster as TensorFlow is told of it."""

import pytest

from fitting import hosts
from fitting.tensorflow_setup import tf
from job.errors import TrainingError


def test_one_host_gets_the_default_strategy(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    strategy = hosts.strategy(["algo-1"], "algo-1")
    assert strategy is tf.distribute.get_strategy()
    assert hosts.is_chief(strategy)


@pytest.mark.parametrize(("host", "index"), [("algo-1", 0), ("algo-2", 1)])
def test_every_host_has_its_own_port(host, index):
    assert hosts.tf_config(["algo-1", "algo-2"], host) == {
        "cluster": {"worker": ["algo-1:8890", "algo-2:8891"]},
        "task": {"type": "worker", "index": index},
    }


def test_a_host_that_is_alone_agrees_with_itself():
    hosts.check_same(tf.distribute.get_strategy(), "the last finished epoch", 3)


def test_a_lost_host_is_told_of_in_one_line():
    lost = "Graph execution error:\n\nCollective ops is aborted by: Socket closed\nAdditional ..."

    expected = pytest.raises(TrainingError, match=r"is gone \(Socket closed\): its log")
    with expected as told, hosts.losses_named():
        raise tf.errors.UnavailableError(None, None, lost)

    assert "\n" not in str(told.value)
