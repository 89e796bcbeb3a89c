"""Data sets: fetches the ones that this project knows, and uploads any.

This package imports `operations/stage.py`, `operations/errors.py`, `operations/report.py`,
`operations/data_folder.py`, `state_machine` and `lambdas`. `cli`, `console.starting` and
`benchmarks` import it.
"""
