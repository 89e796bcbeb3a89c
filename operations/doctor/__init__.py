"""The checks before a deployment or a run: a module for each subject.

`doctor.py` runs them all. No check changes anything. This package does not import the other
subjects.
"""
