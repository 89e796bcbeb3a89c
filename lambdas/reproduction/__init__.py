"""A registered version made again: what the original was made of, and whether the two match.

Imports `runs` and below; `start_retraining`, `prepare_run` and `check_metrics` import it.
"""
