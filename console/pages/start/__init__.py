"""The page that uploads a data set and starts an execution.

This package imports `console.pages.parts`, `console.starting`, `console/account.py`,
`console/actions.py`, `console/problems.py`, `console/times.py`, `operations`, `state_machine` and
`lambdas`. `console/app.py` imports it.
"""
