"""A whole stage as one CloudFormation template, and the folder that `retrain package` writes.

This package imports `deployment`, `artifacts`, `config.py` and `names.py`. `cli` imports it.
"""
