"""The gate: the rules that decide whether a model may be registered.

`settings.py` checks the rules of pipeline.toml, before a deployment and in each run. `evidence.py`
reads what a rule needs from evaluation.json. `derived.py` computes what follows from a confusion
matrix; `consistency.py` and `comparison.py` refuse figures that contradict each other. `rules.py`
judges, and `gate.py` makes the decision.

This package imports `lambdas.boundary` and `lambdas/errors.py`. `check_metrics.py`, `announce.py`,
`lambdas.report`, `lambdas.reproduction`, `state_machine`, `operations` and `console` import it.
"""
