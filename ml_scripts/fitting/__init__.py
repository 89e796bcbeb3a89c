"""Training: the loop over batches, what it may be resumed from, and how it computes.

Imports `data` and `job`; `main.py`, `training.py` and `model.py` import it.
"""
