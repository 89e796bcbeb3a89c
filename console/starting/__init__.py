"""What the page that starts executions shows: data sets, hyperparameters, uploads.

Imports `account` and `operations`; imported by `pages` and `actions`.
"""
