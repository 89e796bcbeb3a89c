"""The gate: the rules that decide whether a model may be registered.

`settings.py` checks the rules of pipeline.toml, `evidence.py` reads what a rule needs from
evaluation.json, `rules.py` judges, and `gate.py` makes the decision. This package imports
`lambdas.boundary`. `check_metrics.py`, `lambdas.report` and `lambdas.reproduction` import it, and
`state_machine` does so to check pipeline.toml before a deployment.
"""
