"""Arrays on their way from a data set's files to train, validation and test, and back.

Imports `job`; the scripts, `fitting` and `scoring` read through it.
"""
