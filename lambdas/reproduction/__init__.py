"""Making a registered version again: from which inputs, and whether the results match.

This package imports `lambdas.runs`, `lambdas.gate`, `lambdas.data_sets`, `lambdas.boundary` and
`lambdas/errors.py`. `start_retraining.py`, `prepare_run.py`, `check_metrics.py`, `state_machine`
and `operations` import it.
"""
