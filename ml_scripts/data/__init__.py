"""Arrays on their way from a data set's files to train, validation and test, and back.

Imports `job`; the scripts and `fitting` read through it.
"""
