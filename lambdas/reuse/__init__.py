"""Steps that need not be computed again: their keys, and the results that earlier runs left.

Imports `runs` and below; `prepare_run` imports it.
"""
