"""What the pages about executions show: lists, states, timelines, graphs, logs.

This package reads them from AWS and returns plain data. `changes.py` also stops, redrives and
starts executions: only `console/actions.py` calls its functions that do. This package imports
`console/account.py`, `console/problems.py`, `operations` and `lambdas`. `console/actions.py` and
`console.pages` import it.
"""
