"""What the pipeline would cost and how it would scale, simulated from its own definition.

`python -m benchmarks.simulation` prints the tables of docs/scale.md. Imports `state_machine` and
`lambdas`; nothing imports it.
"""
