"""Data: from the files of a data set to train, validation and test arrays, and back to rows.

This package imports `job`. `fitting`, `scoring` and the scripts import it.
"""
