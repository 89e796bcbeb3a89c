"""What the pages of executions show, read from AWS: lists, states, timelines, graphs, logs.

Imports `account` and `operations`; imported by `pages`, `actions` and `app`.
"""
