"""The pages of models: all versions, one version, two versions side by side.

This package imports `console.pages.parts`, `console.models`, `console/account.py`,
`console/actions.py`, `console/problems.py`, `console/status.py`, `console/times.py`, `operations`
and `lambdas`. `console/app.py` imports it.
"""
