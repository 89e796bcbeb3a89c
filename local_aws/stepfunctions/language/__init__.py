"""The states language: the expressions of a definition, and the variables that they read.

This package imports `local_aws.wrapping`. `redrive.py` and `local_aws.server` import it.
"""
