"""A whole stage as one CloudFormation template, and the folder that `retrain package` writes.

This package imports `deployment` and what is below. `cli` imports it.
"""
