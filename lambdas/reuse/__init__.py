"""Reusing a step: its key, and the result that an earlier run left under that key.

This package imports `lambdas.runs` and what is below. `prepare_run.py` imports it.
"""
