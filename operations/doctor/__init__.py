"""The checks before a deployment or a run: a module for each subject.

`doctor.py` runs them all. No check changes anything. This package imports `operations/errors.py`,
`operations/project.py`, `operations/data_folder.py`, `state_machine` and `lambdas`, and none of the
other subjects. `cli` imports it.
"""
