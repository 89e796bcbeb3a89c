"""Data sets: which files are in the bucket, in which versions, and which are missing.

`source_data.py` copies a data set for a run. This package imports `lambdas.boundary` and
`lambdas/errors.py`. `on_upload.py`, `start_retraining.py`, `take_turn.py`, `prepare_run.py`,
`lambdas.runs`, `lambdas.reproduction`, `state_machine`, `operations` and `console` import it.
"""
