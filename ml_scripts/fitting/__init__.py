"""Training: the loop over batches, checkpoints, optimizers, precision, several hosts.

This package imports `data` and `job`. `main.py`, `training.py` and `model.py` import it. So does
`scoring`, for the training's history and for the one import of TensorFlow.
"""
