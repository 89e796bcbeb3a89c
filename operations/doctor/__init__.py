"""The checks before a deployment or a run: one module for each subject, `doctor.py` makes them all.

Imports `stage` and below, and changes nothing anywhere.
"""
