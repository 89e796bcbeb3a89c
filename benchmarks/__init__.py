"""Measurements of the pipeline, run on demand: `make bench`."""
