"""What a run leaves behind: its report, its cost, and what the registry says about the model.

This package imports `lambdas.runs`, `lambdas.gate` and `lambdas.boundary`. `check_metrics.py`,
`approve_model.py`, `operations`, `console` and `benchmarks` import it.
"""
