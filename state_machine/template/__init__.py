"""A whole stage as one CloudFormation template, and the folder that `retrain package` writes.

This package imports `deployment`, `artifacts`, `config.py`, `names.py` and
`stage_names.py`. `cli` imports it.
"""
