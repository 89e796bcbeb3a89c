"""Runs: the input, name, files and champion of a run, and the ledger of all runs.

This package imports `lambdas.data_sets`, `lambdas.boundary` and `lambdas/errors.py`.
`lambdas.report`, `lambdas.reproduction`, `lambdas.reuse`, `lambdas/settings.py`, the Lambdas
`on_upload.py`, `start_retraining.py`, `take_turn.py`, `prepare_run.py`, `check_metrics.py`,
`approve_model.py`, `announce.py` and `announce_approval.py`, and `state_machine`, `operations`,
`console`, `cli` and `benchmarks` import it.
"""
