"""The whole stage as one CloudFormation template, and the folder that `retrain package` writes.

Imports `deployment` and below; `cli` imports it.
"""
