"""Evaluation: predictions, metrics with intervals, comparison with the champion, the report.

This package imports `data`, `fitting` and `job`. `evaluation.py` imports it. `python -m
scoring.comparison` compares the predictions of any two runs.
"""
