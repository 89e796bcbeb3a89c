"""Executions: reads them from their history and logs, starts them, resumes them.

This package imports `operations/errors.py`, and may import `operations/stage.py`.
`operations.models`, `cli`, `console` and `benchmarks` import it.
"""
