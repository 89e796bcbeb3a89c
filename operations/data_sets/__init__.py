"""Data sets: the ones that this project can bring, and the upload of any.

Imports `stage` and below.
"""
