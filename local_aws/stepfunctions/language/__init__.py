"""The states language, where moto's engine reads or runs it otherwise than AWS.

Paths, errors, and the expressions of a definition with the variables that they read. This package
imports `local_aws.wrapping`. `redrive.py` and `local_aws.server` import it.
"""
