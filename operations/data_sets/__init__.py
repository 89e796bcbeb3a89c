"""Data sets: fetches the ones that this project knows, and uploads any.

This package imports `operations/stage.py` and what is below.
"""
