"""The states language: the expressions of a definition, and the variables that they read.

This package imports no other package of this project. No other package imports it.
"""
