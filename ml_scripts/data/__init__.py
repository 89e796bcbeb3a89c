"""Data: from the files of a data set to train, validation and test arrays, and back to rows.

This package imports `job`. `fitting`, `scoring`, `dataset.py`, `preprocessing.py`, `main.py`,
`training.py` and `evaluation.py` import it.
"""
