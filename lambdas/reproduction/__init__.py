"""Making a registered version again: from which inputs, and whether the results match.

This package imports `lambdas.runs`, `lambdas.gate` and what is below. `start_retraining.py`,
`prepare_run.py` and `check_metrics.py` import it.
"""
