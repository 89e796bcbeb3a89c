"""What the pages about executions show: lists, states, timelines, graphs, logs.

This package reads them from AWS, and shows nothing. It imports `console.account`, `operations` and
what is below `operations`. `console.pages` and `console/actions.py` import it.
"""
