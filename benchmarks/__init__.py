"""Measurements of the pipeline, run on demand: `make bench`, `make bench-console`, `make simulate`.

May import every room; nothing imports it.
"""
