"""Model versions: finds, approves, rejects, compares and reproduces them.

This package imports `operations.executions`, `operations.run_files`, `operations/stage.py`,
`operations/errors.py`, `state_machine` and `lambdas`. `cli` and `console` import it.
"""
