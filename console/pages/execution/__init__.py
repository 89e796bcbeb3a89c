"""The page of one execution: buttons, graph, timeline, chosen state, training, decision.

`page.py` puts the parts together. `console/app.py` imports it.
"""
