"""The gate: rules, thresholds, the evidence that they are held against, and the verdict.

Imports `boundary` and below; `report` and `check_metrics` import it.
"""
