"""The page of one execution: buttons, graph, timeline, chosen state, training, decision.

`page.py` puts the parts together. This package imports `console.pages.parts`, `console.executions`,
`console/account.py`, `console/actions.py`, `console/problems.py`, `console/status.py`,
`console/times.py`, `operations` and `lambdas`. `console/app.py` imports it.
"""
