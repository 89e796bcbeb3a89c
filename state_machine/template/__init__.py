"""A whole stage as one CloudFormation template, and the folder that `retrain package` writes.

This package imports `deployment`, `artifacts`, `config.py`, `account.py`, `names.py`,
`stage_names.py` and `errors.py`. `cli` imports it.
"""
