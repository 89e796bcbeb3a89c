"""The pages, made with NiceGUI: how they look, not what they show.

If NiceGUI is ever replaced, only this package and `console/app.py` change. This package imports
`console.executions`, `console.models`, `console.starting`, `console/account.py`,
`console/actions.py`, `console/health.py`, `console/problems.py`, `console/status.py`,
`console/times.py`, `operations`, `state_machine` and `lambdas`. `console/app.py` imports it.
"""
