"""Training: the loop over batches, checkpoints, optimizers, precision, several hosts.

This package imports `data` and `job`. `main.py`, `training.py`, `model.py`, `benchmarks` and, for
the training's history and for the one import of TensorFlow, `scoring` import it.
"""
