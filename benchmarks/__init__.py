"""Measurements of the pipeline, which run on demand.

`make bench`, `make bench-console` and `make simulate` start them. This package may import every
other one. No other package imports it.
"""
