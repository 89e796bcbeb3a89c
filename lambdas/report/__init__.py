"""What a run leaves behind: its report, its cost, and what the registry says about the model.

This package imports `lambdas.runs`, `lambdas.gate` and what is below. `check_metrics.py` imports
it. `operations`, `console` and `benchmarks` import its prices or what it says about the report.
"""
