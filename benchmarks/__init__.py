"""Measurements of the pipeline, which run on demand.

`make bench`, `make bench-console`, `make simulate`, `python benchmarks/memory.py` and
`python -m benchmarks.containers` start them.
This package imports `cli`, `operations`, `state_machine`, `lambdas`, `local_aws` and, to see in how
many bits a network computes on this machine, `ml_scripts`. No other package imports it.
"""
