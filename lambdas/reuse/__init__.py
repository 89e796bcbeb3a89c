"""Reusing a step: its key, and the result that an earlier run left under that key.

This package imports `lambdas.runs` and `lambdas.boundary`. `prepare_run.py` and `state_machine`
import it.
"""
