"""Executions: reads them from their history and logs, starts them, resumes them.

This package imports `operations.run_files`, `operations/errors.py`, `state_machine` and `lambdas`.
`operations.models`, `cli`, `console` and `benchmarks` import it.
"""
