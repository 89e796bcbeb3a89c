"""Executions: what DescribeExecution, the history and the logs tell of one; starting, resuming.

Imports `stage` and below; `models`, `cli` and `console` import it.
"""
