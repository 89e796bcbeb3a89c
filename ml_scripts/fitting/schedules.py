"""The learning rate over the steps of a training."""

from typing import TypeAlias

from fitting.tensorflow_setup import keras

CONSTANT, ONE_CYCLE = "constant", "one-cycle"
SCHEDULES = (CONSTANT, ONE_CYCLE)

WARM_UP = 0.3  # share of all steps
FIRST, LAST = 1 / 25, 1 / 1000  # of the highest rate

LearningRate: TypeAlias = float | keras.optimizers.schedules.LearningRateSchedule


def learning_rate(schedule: str, highest: float, steps: int) -> LearningRate:
    """Return what an optimizer takes as its learning rate.

    The one-cycle schedule rises to the highest rate and then falls along a cosine, over all steps
    together. Smith, Topin: Super-Convergence, 2018, https://arxiv.org/abs/1708.07120.

    Args:
        schedule: one of SCHEDULES.
        highest: the rate itself if it is constant.
        steps: of the whole training.
    """
    if schedule == CONSTANT:
        return highest
    warm_up = max(1, round(WARM_UP * steps))
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=FIRST * highest,
        warmup_target=highest,
        warmup_steps=warm_up,
        decay_steps=max(1, steps - warm_up),
        alpha=LAST,
    )
