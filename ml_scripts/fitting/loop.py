"""The training loop, the same for one host and for several.

Keras's own fit cannot run under MultiWorkerMirroredStrategy (Keras 3, TensorFlow 2.19), so the
epoch is a tf.function here, with `strategy.run` inside. An epoch is a function of the state
before it, the seed and its number, and of nothing else: this is what makes a resumed run equal
to an uninterrupted one.
"""

import numpy as np

from data.stored import Examples
from fitting.tensorflow_setup import keras, tf

VALIDATION_BATCH = 1024


class Loop:
    """Runs epochs of one model on one strategy.

    Args:
        model: built in the strategy's scope; takes images (n, height, width, channels) uint8, or
            rows (n, features) float32, and returns probabilities (n, classes).
        optimizer: created in the strategy's scope.
        strategy: the job's tf.distribute strategy.
        batch_size: images per step, over all hosts together.
        seed: with the epoch's number it gives the order of the images.
    """

    def __init__(
        self,
        model: keras.Model,
        optimizer: keras.optimizers.Optimizer,
        strategy: tf.distribute.Strategy,
        batch_size: int,
        seed: int,
    ) -> None:
        self.model, self.optimizer, self.strategy = model, optimizer, strategy
        self.batch_size, self.seed = batch_size, seed
        with strategy.scope():
            optimizer.build(model.trainable_variables)
            self._loss = _sum_over_hosts(tf.float64)
            self._correct = _sum_over_hosts(tf.int64)
            self._count = _sum_over_hosts(tf.int64)

    def train_epoch(self, images: Examples, labels: np.ndarray, epoch: int) -> tuple[float, float]:
        """Fit every image once, in the order of this epoch; return the mean loss and accuracy."""
        keras.utils.set_random_seed(int(epoch_random(self.seed, epoch, 1).integers(2**32)))
        order = epoch_random(self.seed, epoch, 0).permutation(len(images))
        return self._run(self._train, batches(images, labels, order, self.batch_size))

    def validate(self, images: Examples, labels: np.ndarray) -> tuple[float, float]:
        """Return the mean loss and the accuracy on images that are not fitted."""
        return self._run(
            self._validate, batches(images, labels, np.arange(len(images)), VALIDATION_BATCH)
        )

    def _run(self, function: tf.function, dataset: tf.data.Dataset) -> tuple[float, float]:
        for tally in (self._loss, self._correct, self._count):
            tally.assign(0)
        function(self.strategy.experimental_distribute_dataset(dataset))
        count = int(self._count.read_value())
        return float(self._loss.read_value()) / count, int(self._correct.read_value()) / count

    @tf.function
    def _train(self, dataset: tf.data.Dataset) -> None:
        for images, labels in dataset:
            self.strategy.run(self._train_step, args=(images, labels))

    @tf.function
    def _validate(self, dataset: tf.data.Dataset) -> None:
        for images, labels in dataset:
            self.strategy.run(self._validation_step, args=(images, labels))

    def _train_step(self, images: tf.Tensor, labels: tf.Tensor) -> None:
        """Update the weights with this host's share of a batch: (b, ...) and (b,) int64."""
        replicas = tf.distribute.get_replica_context()
        batch_size = replicas.all_reduce(tf.distribute.ReduceOp.SUM, tf.shape(labels)[0])
        with tf.GradientTape() as tape:
            probabilities = self.model(images, training=True)  # (b, classes)
            losses = keras.losses.sparse_categorical_crossentropy(labels, probabilities)  # (b,)
            # The optimizer sums the gradients of the hosts: each adds its part of the mean.
            loss = tf.reduce_sum(losses) / tf.cast(batch_size, losses.dtype)
            if self.model.losses:  # regularizers
                loss += tf.add_n(self.model.losses) / self.strategy.num_replicas_in_sync
        gradients = tape.gradient(loss, self.model.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.model.trainable_variables, strict=True))
        self._count_up(losses, probabilities, labels)

    def _validation_step(self, images: tf.Tensor, labels: tf.Tensor) -> None:
        probabilities = self.model(images, training=False)
        losses = keras.losses.sparse_categorical_crossentropy(labels, probabilities)
        self._count_up(losses, probabilities, labels)

    def _count_up(self, losses: tf.Tensor, probabilities: tf.Tensor, labels: tf.Tensor) -> None:
        hits = tf.argmax(probabilities, axis=1) == labels
        self._loss.assign_add(tf.cast(tf.reduce_sum(losses), tf.float64))
        self._correct.assign_add(tf.reduce_sum(tf.cast(hits, tf.int64)))
        self._count.assign_add(tf.size(labels, out_type=tf.int64))


def epoch_random(seed: int, epoch: int, purpose: int) -> np.random.Generator:
    """Return a generator that depends on its arguments only, never on what ran before."""
    return np.random.default_rng((seed, epoch, purpose))


def batches(
    images: Examples, labels: np.ndarray, order: np.ndarray, batch_size: int
) -> tf.data.Dataset:
    """Return the batches of images (b, ...), of their own type, and labels (b,) int64 in order.

    Rows are gathered batch by batch, so that the images may be StoredRows and larger than memory.
    What goes through tf.data is where each batch starts: an element for each row took 4 % of an
    epoch. Autotune stays off: with it most epochs sit idle for seconds at their end.
    """

    def gather(start: np.int64) -> tuple[np.ndarray, np.ndarray]:
        rows = order[start : start + batch_size]
        return images[rows], labels[rows].astype(np.int64)

    def batch(start: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        x, y = tf.numpy_function(gather, [start], (tf.as_dtype(images.dtype), tf.int64))
        return tf.ensure_shape(x, (None, *images.shape[1:])), tf.ensure_shape(y, (None,))

    options = tf.data.Options()
    options.autotune.enabled = False
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    starts = tf.data.Dataset.range(0, len(order), batch_size)
    return starts.map(batch).prefetch(4).with_options(options)


def _sum_over_hosts(dtype: tf.DType) -> tf.Variable:
    """Return a counter that each host keeps for itself and that reads as the sum of all."""
    return tf.Variable(
        0,
        dtype=dtype,
        trainable=False,
        synchronization=tf.VariableSynchronization.ON_READ,
        aggregation=tf.VariableAggregation.SUM,
    )
