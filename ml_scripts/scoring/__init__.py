"""Evaluation: predictions, metrics with their intervals, comparison with a champion, the report.

Imports `data`, `fitting` (for TensorFlow and the history) and `job`; `evaluation.py` imports it,
and `python -m scoring.comparison` compares two models anywhere.
"""
